import type { DirectoryColumn } from "../directory/directory-index.ts";
import { quoteName } from "../quote.ts";

/**
 * The statement that loads lines into a table, as docs/FORMAT.md describes them. What the server assumes when nothing is said
 * is said all the same: it depends on the sql_mode.
 * @param file a literal
 */
export function loadStatement(table: string, columns: readonly DirectoryColumn[], file: string): string {
  const targets = columns.map(({ name, load }, place) => (load === undefined ? quoteName(name) : variable(place)));
  const sets = columns.flatMap(({ name, load }, place) =>
    load === undefined ? [] : [`${quoteName(name)} = ${load.replaceAll("@value", variable(place))}`],
  );
  // A line of a table without columns to fill holds one field all the same.
  const list = targets.length === 0 ? variable(0) : targets.join(", ");
  const set = sets.length === 0 ? "" : ` SET ${sets.join(", ")}`;
  const lines = String.raw`FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'`;
  return `LOAD DATA LOCAL INFILE ${file} INTO TABLE ${quoteName(table)} CHARACTER SET binary ${lines} (${list})${set}`;
}

function variable(place: number): string {
  return `@dbb_${place}`;
}
