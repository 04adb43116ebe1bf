import { BackupError } from "../../../core/backup-error.ts";
import type { ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import { newScratchName } from "../../common/scratch-name.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../sql/quote.ts";

/** Findings of one table that are told: each row of a broken one may have some. */
const toldOfTable = 3;

const isUserSchema = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/** Oid, name, kind of index, whether it is unique. */
const indexesQuery = `
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind, i.indisvalid AND i.indisready AND i.indislive,
  m.amname, i.indisunique
FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
WHERE ${isUserSchema} ORDER BY c.oid`;

const heapsQuery = `
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
WHERE c.relkind IN ('r', 'm', 't') AND m.amname = 'heap' AND n.nspname <> 'information_schema'
  AND (n.nspname !~ '^pg_' OR n.nspname = 'pg_toast') AND c.oid >= 16384 ORDER BY c.oid`;

interface Relation {
  readonly oid: string;
  readonly name: string;
}

/** An index of a restored database. */
interface Index extends Relation {
  readonly isPartitioned: boolean;
  readonly isValid: boolean;
  readonly method: string;
  readonly isUnique: boolean;
}

/**
 * Looks whether all indexes are valid, and walks over them and the tables with `amcheck`, where the server has it: each
 * row must be in each of its indexes, and unique where it must be. Makes the extension in a schema of its own.
 */
export async function checkIndexes(connection: PgConnection, decode: NameDecoder): Promise<ProofFindings> {
  const indexes = (await connection.query(indexesQuery)).rows.map(indexOf);
  const damage: ProofDamage[] = [];
  const notes: string[] = [];
  const invalid = indexes.filter(({ isValid }) => !isValid);
  for (const { name } of invalid.filter(({ isPartitioned }) => !isPartitioned)) {
    damage.push({ object: `index ${decode(name)}`, message: "it is not valid" });
  }
  // One of a partitioned table is not valid until all partitions have it, which may be so at the source.
  const incomplete = invalid.filter(({ isPartitioned }) => isPartitioned).map(({ name }) => decode(name));
  if (incomplete.length > 0)
    notes.push(`indexes that not all partitions of their table have: ${incomplete.join(", ")}`);
  const schema = await createAmcheck(connection);
  if (schema === undefined) {
    notes.push("the extension amcheck cannot be used on this server: what indexes and tables hold was not walked over");
    return { counts: { indexes: indexes.length }, damage, notes };
  }
  const trees = indexes.filter(({ method, isValid, isPartitioned }) => method === "btree" && isValid && !isPartitioned);
  for (const tree of trees) {
    const message = await failureOf(connection, treeCheck(schema, tree, connection.serverVersion));
    if (message !== undefined) damage.push({ object: `index ${decode(tree.name)}`, message: decode(message) });
  }
  const heaps = await checkHeaps(connection, schema, decode);
  return {
    counts: { indexes: indexes.length, walked_indexes: trees.length, ...heaps.counts },
    damage: [...damage, ...heaps.damage],
    notes,
  };
}

function indexOf([oid, name, relkind, isValid, method, isUnique]: readonly (string | null)[]): Index {
  return {
    oid: oid!,
    name: name!,
    isPartitioned: relkind === "I",
    isValid: isValid === "t",
    method: method!,
    isUnique: isUnique === "t",
  };
}

/** @returns the schema with its functions; undefined where this server or user has none */
async function createAmcheck(connection: PgConnection): Promise<string | undefined> {
  // The database may hold the extension itself.
  const { rows } = await connection.query(
    "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e " +
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'",
  );
  if (rows[0] !== undefined) return rows[0][0]!;
  const schema = quoteIdentifier(newScratchName());
  try {
    await connection.query(`CREATE SCHEMA ${schema}; CREATE EXTENSION amcheck SCHEMA ${schema}`);
    return schema;
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
    return undefined;
  }
}

/** Whether each row of the table has its place in the index is asked from 11 on, whether it is unique from 17 on. */
function treeCheck(schema: string, { oid, isUnique }: Index, version: number): string {
  const more = [
    ...(version >= 110_000 ? ["true"] : []),
    ...(version >= 140_000 ? ["true"] : []),
    ...(version >= 170_000 ? [String(isUnique)] : []),
  ];
  return `SELECT ${schema}.bt_index_parent_check(${[`${oid}::pg_catalog.regclass`, ...more].join(", ")})`;
}

async function checkHeaps(connection: PgConnection, schema: string, decode: NameDecoder): Promise<ProofFindings> {
  const function_ = await connection.query(
    "SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace " +
      `WHERE p.proname = 'verify_heapam' AND pg_catalog.quote_ident(n.nspname) = ${quoteConformingLiteral(schema)}`,
  );
  if (function_.rows.length === 0) return { counts: {}, damage: [], notes: [] };
  const heaps = (await connection.query(heapsQuery)).rows.map(([oid, name]) => ({ oid: oid!, name: name! }));
  const damage: ProofDamage[] = [];
  for (const { oid, name } of heaps) {
    const { rows } = await connection.query(
      `SELECT msg FROM ${schema}.verify_heapam(${oid}::pg_catalog.regclass) LIMIT ${toldOfTable + 1}`,
    );
    if (rows.length === 0) continue;
    const told = rows.slice(0, toldOfTable).map((row) => decode(row[0] ?? ""));
    const more = rows.length > toldOfTable ? ", and more" : "";
    damage.push({ object: `table ${decode(name)}`, message: `${told.join("; ")}${more}` });
  }
  return { counts: { walked_tables: heaps.length }, damage, notes: [] };
}

/** What a server says that found damage; undefined when it found none. */
async function failureOf(connection: PgConnection, sql: string): Promise<string | undefined> {
  try {
    await connection.query(sql);
    return undefined;
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== "SERVER") throw error;
    return error.notice.message;
  }
}
