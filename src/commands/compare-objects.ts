import type { BackupMetadata, ObjectMetadata } from "../core/metadata/metadata-schema.ts";
import { noRows } from "../core/row-totals.ts";
import type { CheckedBackup, CheckedTable } from "../ports/backup-checker.ts";
import type { Damage } from "./verify-folder.ts";

/** The only kind of row checksum there is yet; others cannot be compared. */
const CHECKSUM_TYPE = "rowsum128-v1";

/** Scripts of MySQL and MariaDB do not say the database that they are for: the metadata does. */
export function inOwnDatabase(contents: CheckedBackup, { database }: BackupMetadata): CheckedBackup {
  if (contents.format !== "sql") return contents;
  const placed = contents.tables.map((table) => (table.schema === "" ? { ...table, schema: database } : table));
  return { ...contents, tables: placed };
}

/** Differences between what metadata says of a backup's data and what was found in it. Pure. */
export function compareObjects(metadata: BackupMetadata, contents: CheckedBackup): Damage[] {
  if (metadata.objects === undefined) return [];
  const comparable = metadata.checksum_type === CHECKSUM_TYPE;
  const found = new Map<string, CheckedTable>();
  for (const table of contents.tables) found.set(key(table.schema, table.name), table);
  const damage: Damage[] = [];
  for (const object of metadata.objects) {
    if (object.type === "table") {
      const table = found.get(key(object.schema ?? "", object.name ?? ""));
      found.delete(key(object.schema ?? "", object.name ?? ""));
      damage.push(...compareTable(object, table ?? emptyTable(object, contents), comparable));
    } else if (object.type === "large-objects" && contents.largeObjects !== undefined) {
      damage.push(...compareLargeObjects(object, contents.largeObjects));
    }
  }
  for (const { schema, name } of found.values()) {
    damage.push({ object: tableName(schema, name), message: "it is in the backup, but not in its metadata" });
  }
  damage.push(...compareEntries(metadata, contents));
  return damage;
}

/** What has no rows stands in no statement of such a script. */
function emptyTable({ schema = "", name = "" }: ObjectMetadata, { format }: CheckedBackup): CheckedTable | undefined {
  return format === "sql" ? { schema, name, totals: noRows } : undefined;
}

/** Definitions have no checksums of their own: that none is missing is known by their number. */
function compareEntries({ entries = [] }: BackupMetadata, { entryCounts }: CheckedBackup): Damage[] {
  if (entryCounts === undefined) return [];
  return entries.flatMap(({ type, count }) => {
    const held = entryCounts.get(type) ?? 0;
    if (held === count) return [];
    return [{ object: `entries of type ${type}`, message: `the archive holds ${held} instead of ${count}` }];
  });
}

function compareTable(expected: ObjectMetadata, found: CheckedTable | undefined, comparable: boolean): Damage[] {
  const object = tableName(expected.schema ?? "", expected.name ?? "");
  // Statements are not counted; in a script they are not even told apart from others.
  if (expected.rows_as === "inserts") return [];
  if (found === undefined) return [{ object, message: "the metadata names it, but its data is not in the backup" }];
  if (found.totals === undefined) return [];
  const { rows, bytes, checksum } = found.totals;
  if (rows !== expected.rows) return [{ object, message: `it has ${rows} rows instead of ${expected.rows}` }];
  if (bytes !== expected.bytes)
    return [{ object, message: `its rows have ${bytes} bytes instead of ${expected.bytes}` }];
  if (!comparable || expected.checksum === undefined || checksum === expected.checksum) return [];
  return [{ object, message: `its rows have the checksum ${checksum} instead of ${expected.checksum}` }];
}

function compareLargeObjects(expected: ObjectMetadata, found: { count: number; bytes: number }): Damage[] {
  if (found.count === expected.rows && found.bytes === expected.bytes) return [];
  const message = `${found.count} of ${found.bytes} bytes instead of ${expected.rows} of ${expected.bytes} bytes`;
  return [{ object: "large objects", message }];
}

function key(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

function tableName(schema: string, name: string): string {
  return `table "${schema}"."${name}"`;
}
