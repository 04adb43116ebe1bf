import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { type Column, columnAt, type Relation, type SequenceSettings } from "./relation.ts";

/** CREATE SEQUENCE, or the statement that gives an identity column its sequence. */
export function createSequence(sequence: Relation, ownerTable: Relation | undefined): string {
  const settings = sequence.sequence!;
  const name = qualified(sequence.schema, sequence.name);
  if (sequence.ownedBy?.identity === true && ownerTable !== undefined) {
    const column = columnAt(ownerTable, sequence.ownedBy.column);
    const lines = [`SEQUENCE NAME ${name}`, ...persistence(sequence, ownerTable), ...settingLines(settings)];
    return `${addIdentity(ownerTable, column)} (\n    ${lines.join("\n    ")}\n);\n`;
  }
  const unlogged = sequence.persistence === "u" ? "UNLOGGED " : "";
  const type = settings.type === "bigint" ? [] : [`AS ${settings.type}`];
  return `CREATE ${unlogged}SEQUENCE ${[name, ...type, ...settingLines(settings)].join("\n    ")};\n`;
}

function addIdentity(table: Relation, column: Column): string {
  const when = column.identity === "a" ? "ALWAYS" : "BY DEFAULT";
  const name = quoteIdentifier(column.name);
  return `ALTER TABLE ${qualified(table.schema, table.name)} ALTER COLUMN ${name} ADD GENERATED ${when} AS IDENTITY`;
}

/** Said only where it differs from the table's, since older servers do not know the word. */
function persistence(sequence: Relation, table: Relation): string[] {
  if (sequence.persistence === table.persistence) return [];
  return [sequence.persistence === "u" ? "UNLOGGED" : "LOGGED"];
}

function settingLines(settings: SequenceSettings): string[] {
  const limits = defaultLimits(settings);
  return [
    `START WITH ${settings.start}`,
    `INCREMENT BY ${settings.increment}`,
    settings.minimum === limits.minimum ? "NO MINVALUE" : `MINVALUE ${settings.minimum}`,
    settings.maximum === limits.maximum ? "NO MAXVALUE" : `MAXVALUE ${settings.maximum}`,
    `CACHE ${settings.cache}`,
    ...(settings.cycle ? ["CYCLE"] : []),
  ];
}

const smallest: Readonly<Record<string, string>> = {
  smallint: "-32768",
  integer: "-2147483648",
  bigint: "-9223372036854775808",
};
const largest: Readonly<Record<string, string>> = {
  smallint: "32767",
  integer: "2147483647",
  bigint: "9223372036854775807",
};

function defaultLimits(settings: SequenceSettings): { readonly minimum: string; readonly maximum: string } {
  return settings.increment.startsWith("-")
    ? { minimum: smallest[settings.type]!, maximum: "-1" }
    : { minimum: "1", maximum: largest[settings.type]! };
}
