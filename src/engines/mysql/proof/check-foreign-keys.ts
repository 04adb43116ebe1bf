import { counted } from "../../../core/counted.ts";
import type { ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import { ofDatabase } from "../objects/of-database.ts";
import { quoteName } from "../quote.ts";
import type { ProofTarget } from "./proof-database.ts";

interface ForeignKey {
  readonly name: string;
  readonly table: string;
  readonly parentSchema: string;
  readonly parent: string;
  /** Columns of the table and of its parent. */
  readonly columns: (readonly [own: string, other: string])[];
}

/**
 * Looks for rows whose foreign keys lead nowhere: servers do not look while a backup is loaded.
 * @param rowsAreProven all rows are those that were backed up: then such rows were there at the source, and are told as notes
 */
export async function checkForeignKeys(
  { sessions, database }: ProofTarget,
  rowsAreProven: boolean,
): Promise<ProofFindings> {
  const session = sessions[0]!;
  const rows = await session.rows(
    "SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME " +
      `FROM information_schema.KEY_COLUMN_USAGE WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND REFERENCED_TABLE_NAME IS NOT NULL ` +
      "ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
  );
  const keys = new Map<string, ForeignKey>();
  for (const row of rows) {
    const id = `${row.TABLE_NAME}\0${row.CONSTRAINT_NAME}`;
    const key = keys.get(id) ?? {
      name: row.CONSTRAINT_NAME!,
      table: row.TABLE_NAME!,
      parentSchema: row.REFERENCED_TABLE_SCHEMA!,
      parent: row.REFERENCED_TABLE_NAME!,
      columns: [],
    };
    keys.set(id, key);
    key.columns.push([row.COLUMN_NAME!, row.REFERENCED_COLUMN_NAME!]);
  }
  const damage: ProofDamage[] = [];
  const notes: string[] = [];
  for (const key of keys.values()) {
    const object = `foreign key "${key.name}" of ${key.table}`;
    if (key.parentSchema !== database) {
      notes.push(`${object} refers to another database, and was not checked`);
      continue;
    }
    const [found] = await session.rows(violations(key));
    const count = Number(found!.n);
    if (count === 0) continue;
    const message = `${counted(count, "row")} ${count === 1 ? "refers" : "refer"} to what is not there`;
    if (rowsAreProven) notes.push(`${object}: ${message}, as it was when the backup was made`);
    else damage.push({ object, message });
  }
  return { counts: { foreign_keys: keys.size }, damage, notes };
}

/** Rows with a null refer to nothing. */
function violations({ table, parent, columns }: ForeignKey): string {
  const join = columns.map(([own, other]) => `k.${quoteName(other)} = r.${quoteName(own)}`).join(" AND ");
  const present = columns.map(([own]) => `r.${quoteName(own)} IS NOT NULL`).join(" AND ");
  return `SELECT COUNT(*) AS n FROM ${quoteName(table)} AS r WHERE ${present} AND NOT EXISTS (SELECT 1 FROM ${quoteName(parent)} AS k WHERE ${join})`;
}
