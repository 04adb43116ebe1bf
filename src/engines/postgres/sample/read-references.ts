import { BackupError } from "../../../core/backup-error.ts";
import type { DumpSession } from "../dump/dump-session.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { Catalog, firstNormalOid, type Row } from "../objects/catalog-reader.ts";
import { oidArray, type SampledTrees } from "./read-trees.ts";
import type { Reference } from "./sampled-heap.ts";

/** Foreign keys told in an error. */
const MAX_TOLD = 5;

/**
 * The foreign keys of the tables that are sampled, also those that are not validated or not enforced: they say what belongs
 * together.
 * @throws BackupError UNSUPPORTED_OBJECT when one could only be followed by running code of the database's users; PRECHECK when one that the restore checks leads to a table whose rows are not dumped
 */
export async function readReferences(
  { rows, capabilities }: DumpSession,
  { heaps, heapsBelow }: SampledTrees,
  decodeName: NameDecoder,
): Promise<readonly Reference[]> {
  const { partitionedForeignKeys, notEnforced } = capabilities;
  const keys = await rows(keysQuery(oidArray(heapsBelow.keys()), partitionedForeignKeys, notEnforced));
  refuseForeignCode(
    keys.filter(({ runs_code }) => runs_code === "t"),
    decodeName,
  );
  const leaves = await rows(leavesQuery(oidArray(new Set(keys.map(({ confrelid }) => Number(confrelid))))));
  const ofExtension = new Set(leaves.filter(({ is_member }) => is_member === "t").map(({ relation }) => relation));
  const lacking = leaves.filter(({ leaf, is_member }) => is_member === "f" && !heaps.has(Number(leaf)));
  const notDumped = new Set(lacking.map(({ relation }) => relation));
  refuseLacking(
    keys.filter(({ confrelid, is_checked }) => notDumped.has(confrelid!) && is_checked === "t"),
    decodeName,
  );
  return (
    keys
      // Rows that an extension keeps are all there.
      .filter(({ confrelid }) => !ofExtension.has(confrelid!) && !notDumped.has(confrelid!))
      .flatMap(({ conrelid, confrelid, referenced, condition }) => {
        const targets = (heapsBelow.get(Number(confrelid)) ?? []).map(({ oid }) => oid);
        return heapsBelow
          .get(Number(conrelid))!
          .map((from) => ({ from, to: referenced!, targets, condition: condition! }));
      })
  );
}

/** The server itself compares in the name of the table's owner. Here it would be whoever makes the backup. */
function refuseForeignCode(keys: readonly Row[], decodeName: NameDecoder): void {
  const [first] = keys;
  if (first === undefined) return;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `foreign key "${decodeName(first.conname!)}" can only be followed by a cast that runs a function of the database's users`,
    object: decodeName(first.referring!),
    hint: "leave out the rows of that table with --exclude-table-data, or back up the whole database",
  });
}

function refuseLacking(keys: readonly Row[], decodeName: NameDecoder): void {
  if (keys.length === 0) return;
  throw new BackupError({
    code: "PRECHECK",
    message: "foreign keys lead to tables whose rows are not in the backup",
    details: keys
      .slice(0, MAX_TOLD)
      .map(({ conname, referring, target }) => decodeName(`"${conname}" of ${referring} refers to ${target}`)),
    hint: "leave out the rows of both tables, or of none",
  });
}

/** Those that a server clones for partitions are followed as their original. */
function keysQuery(oids: string, hasClones: boolean, hasNotEnforced: boolean): string {
  return (
    "SELECT k.conrelid, k.confrelid, k.conname, " +
    "pg_catalog.format('%I.%I', n.nspname, c.relname) AS referring, " +
    "pg_catalog.format('%I.%I', m.nspname, f.relname) AS target, " +
    `EXISTS (${castFunctionQuery}) AS runs_code, k.convalidated${hasNotEnforced ? " AND k.conenforced" : ""} AS is_checked, ` +
    "CASE f.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', m.nspname, f.relname) AS referenced, " +
    `(${conditionQuery}) AS condition FROM pg_catalog.pg_constraint k ` +
    "JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
    "JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = f.relnamespace " +
    `WHERE k.contype = 'f' AND k.conrelid = ANY (${oids}) ${hasClones ? "AND k.conparentid = 0" : ""} ORDER BY k.oid`
  );
}

/**
 * `k.column = r.column` for all columns, with the operators of the key. Columns of other types than the operator's are cast
 * as the server does it when it checks the key, and the collation is that of the referenced column. (Several arguments
 * are `unnest`'s as syntax: its name takes no schema.)
 */
const conditionQuery =
  "SELECT pg_catalog.string_agg(pg_catalog.format('k.%I%s OPERATOR(%I.%s) r.%I%s%s', ka.attname, " +
  "CASE WHEN ka.atttypid = o.oprleft THEN '' ELSE pg_catalog.format('::%I.%I', ln.nspname, lt.typname) END, " +
  "op.nspname, o.oprname, ra.attname, " +
  "CASE WHEN ra.atttypid = o.oprright THEN '' ELSE pg_catalog.format('::%I.%I', rn.nspname, rt.typname) END, " +
  "CASE WHEN cl.oid IS NULL THEN '' ELSE pg_catalog.format(' COLLATE %I.%I', cn.nspname, cl.collname) END), " +
  "' AND ' ORDER BY u.place) " +
  "FROM unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY AS u (own, other, operator, place) " +
  "JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.conrelid AND ra.attnum = u.own " +
  "JOIN pg_catalog.pg_attribute ka ON ka.attrelid = k.confrelid AND ka.attnum = u.other " +
  "JOIN pg_catalog.pg_operator o ON o.oid = u.operator JOIN pg_catalog.pg_namespace op ON op.oid = o.oprnamespace " +
  "JOIN pg_catalog.pg_type lt ON lt.oid = o.oprleft JOIN pg_catalog.pg_namespace ln ON ln.oid = lt.typnamespace " +
  "JOIN pg_catalog.pg_type rt ON rt.oid = o.oprright JOIN pg_catalog.pg_namespace rn ON rn.oid = rt.typnamespace " +
  "LEFT JOIN pg_catalog.pg_collation cl ON cl.oid = ka.attcollation AND ka.attcollation <> ra.attcollation " +
  "LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = cl.collnamespace";

/** Casts of a key's own columns to what its operators take, by functions that not only superusers can make. */
const castFunctionQuery =
  "SELECT FROM unnest(k.conkey, k.conpfeqop) AS u (own, operator) " +
  "JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.conrelid AND ra.attnum = u.own " +
  "JOIN pg_catalog.pg_operator o ON o.oid = u.operator AND o.oprright <> ra.atttypid " +
  "JOIN pg_catalog.pg_cast ct ON ct.casttarget = o.oprright AND ct.castsource = (" +
  // A domain is what it is made of, which may be a domain.
  "WITH RECURSIVE base (oid) AS (SELECT ra.atttypid UNION ALL SELECT t.typbasetype FROM base b " +
  "JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd') " +
  "SELECT t.oid FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype <> 'd') " +
  `JOIN pg_catalog.pg_proc p ON p.oid = ct.castfunc AND p.oid >= ${firstNormalOid} ` +
  "JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')";

/** The tables with rows that each of these is, or has as partitions; and whether they are an extension's. */
function leavesQuery(oids: string): string {
  return (
    "WITH RECURSIVE down (relation, leaf) AS (" +
    `SELECT src.oid, src.oid FROM pg_catalog.unnest(${oids}) AS src (oid) ` +
    "UNION ALL SELECT d.relation, c.oid FROM down d JOIN pg_catalog.pg_inherits i ON i.inhparent = d.leaf " +
    "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition) " +
    `SELECT d.relation, d.leaf, EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = ${Catalog.pg_class} ` +
    `AND e.objid = d.relation AND e.deptype = 'e' AND e.refclassid = ${Catalog.pg_extension}) AS is_member ` +
    "FROM down d JOIN pg_catalog.pg_class c ON c.oid = d.leaf WHERE c.relkind = 'r'"
  );
}
