import { counted } from "../../../core/counted.ts";
import type { ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

/** A foreign key of a restored database. Binary strings; all that is SQL is quoted. */
interface ForeignKey {
  /** `sales.orders`: quoted where it must be. */
  readonly table: string;
  readonly name: string;
  /** `ONLY sales.orders`; a partitioned table with its partitions. */
  readonly referencing: string;
  readonly referenced: string;
  /** `r.id OPERATOR(pg_catalog.=) k.order_id`, for all columns. */
  readonly join: string;
  /** Columns of the referencing table. */
  readonly columns: readonly string[];
  readonly isFull: boolean;
  readonly isValidated: boolean;
}

/** Several arguments are `unnest`'s as syntax: its name takes no schema. Those that a server clones for partitions are checked with their original; temporal ones are left to the server. */
const foreignKeys = (version: number): string => `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), k.conname,
  CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', n.nspname, c.relname),
  CASE f.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', m.nspname, f.relname),
  (SELECT pg_catalog.string_agg(pg_catalog.format('k.%I OPERATOR(%I.%s) r.%I', ka.attname, op.nspname, o.oprname, ra.attname), ' AND ')
    FROM unnest(k.conkey, k.confkey, k.conpfeqop) AS u (own, other, operator)
    JOIN pg_catalog.pg_attribute AS ra ON ra.attrelid = k.conrelid AND ra.attnum = u.own
    JOIN pg_catalog.pg_attribute AS ka ON ka.attrelid = k.confrelid AND ka.attnum = u.other
    JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS op ON op.oid = o.oprnamespace),
  (SELECT pg_catalog.json_agg(pg_catalog.quote_ident(a.attname) ORDER BY u.place)
    FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (own, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.own),
  k.confmatchtype = 'f', k.convalidated
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace AS m ON m.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname !~ '^pg_'
${version >= 110_000 ? "AND k.conparentid = 0" : ""} ${version >= 180_000 ? "AND k.conenforced AND NOT k.conperiod" : ""}
ORDER BY k.oid`;

/**
 * Looks for rows whose foreign keys lead nowhere, whatever the server believes of them. Those of keys that are not
 * validated may be so at the source, too: they are told, and no damage.
 */
export async function checkForeignKeys(connection: PgConnection, decode: NameDecoder): Promise<ProofFindings> {
  const { rows } = await connection.query(foreignKeys(connection.serverVersion));
  const damage: ProofDamage[] = [];
  const notes: string[] = [];
  for (const key of rows.map(foreignKeyOf)) {
    const { rows: found } = await connection.query(violations(key));
    const count = Number(found[0]![0]);
    if (count === 0) continue;
    const object = `foreign key "${decode(key.name)}" of ${decode(key.table)}`;
    const message = `${counted(count, "row")} ${count === 1 ? "refers" : "refer"} to what is not there`;
    if (key.isValidated) damage.push({ object, message });
    else notes.push(`${object}, which is not valid: ${message}`);
  }
  return { counts: { foreign_keys: rows.length }, damage, notes };
}

function foreignKeyOf(row: readonly (string | null)[]): ForeignKey {
  const [table, name, referencing, referenced, join, columns, isFull, isValidated] = row;
  return {
    table: table!,
    name: name!,
    referencing: referencing!,
    referenced: referenced!,
    join: join!,
    columns: JSON.parse(columns!) as string[],
    isFull: isFull === "t",
    isValidated: isValidated === "t",
  };
}

/** MATCH SIMPLE lets rows with a null pass, MATCH FULL those with nothing but nulls. */
function violations({ referencing, referenced, join, columns, isFull }: ForeignKey): string {
  const present = columns.map((column) => `r.${column} IS NOT NULL`).join(isFull ? " OR " : " AND ");
  return (
    `SELECT count(*) FROM ${referencing} AS r ` +
    `WHERE (${present}) AND NOT EXISTS (SELECT FROM ${referenced} AS k WHERE ${join})`
  );
}
