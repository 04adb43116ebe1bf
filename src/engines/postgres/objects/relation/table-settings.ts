import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { type Column, isPrinted, isWithoutRow, type Relation, tableWord } from "./relation.ts";

/** What CREATE cannot say of a table or materialized view and its columns: ALTER statements that follow it. */
export function settingsStatements(relation: Relation): string {
  const alter = (): string => `ALTER ${tableWord(relation)} ONLY ${qualified(relation.schema, relation.name)}`;
  let statements = "";
  for (const column of relation.columns) {
    for (const setting of columnSettings(relation, column)) {
      statements += `${alter()} ALTER COLUMN ${quoteIdentifier(column.name)} ${setting};\n`;
    }
  }
  for (const setting of relationSettings(relation)) statements += `\n${alter()} ${setting};\n`;
  return statements;
}

function columnSettings(relation: Relation, column: Column): string[] {
  const settings: string[] = [];
  // NOT NULL of an inherited column, in words that servers before 18 understand: stock pg_dump 18 writes a table
  // constraint, which only 18 does.
  if (!isPrinted(relation, column) && column.notNull?.isLocal === true && isWithoutRow(column.notNull)) {
    settings.push("SET NOT NULL");
  }
  if (column.statisticsTarget !== null) settings.push(`SET STATISTICS ${column.statisticsTarget}`);
  if (column.storage !== null) settings.push(`SET STORAGE ${column.storage}`);
  if (column.compression !== null) settings.push(`SET COMPRESSION ${column.compression}`);
  if (column.options !== "") settings.push(`SET (${column.options})`);
  if (column.foreignOptions !== "") settings.push(column.foreignOptions.trimStart());
  return settings;
}

function relationSettings(relation: Relation): string[] {
  const settings: string[] = [];
  // An index as replica identity is named where the index is created.
  if (relation.replicaIdentity === "n" && relation.foreign === null) settings.push("REPLICA IDENTITY NOTHING");
  if (relation.replicaIdentity === "f") settings.push("REPLICA IDENTITY FULL");
  if (relation.forceRowSecurity) settings.push("FORCE ROW LEVEL SECURITY");
  return settings;
}
