import { createTableParts } from "../load/split-create-table.ts";

/** A foreign key of a table. Names are Unicode. */
export interface ForeignKey {
  readonly name: string;
  /** Absent: of the same database. */
  readonly database?: string;
  readonly table: string;
}

/** A column whose default is the next value of a sequence. */
export interface SequenceDefault {
  readonly column: string;
  readonly sequence: string;
}

/** What the definition of a table needs beside it. */
export interface TableReferences {
  readonly foreignKeys: readonly ForeignKey[];
  readonly defaults: readonly SequenceDefault[];
}

const name = "(`(?:[^`]|``)*`)";
const foreignKey = new RegExp(
  `^(?:CONSTRAINT ${name} )?FOREIGN KEY (?:${name} )?\\((?:[^\`()]|\`(?:[^\`]|\`\`)*\`)*\\) REFERENCES ${name}(?:\\.${name})? \\(`,
);
/** Strings come behind it, as a comment does: no default that is one can be taken for it. */
const sequenceDefault = new RegExp(`^${name} [^'"]*?( DEFAULT \\(?nextval\\((?:${name}\\.)?${name}\\)\\)?)`, "i");

/** Of a CREATE TABLE as SHOW CREATE TABLE writes it; undefined for another statement. @param text a binary string */
export function tableReferences(text: string): TableReferences | undefined {
  const parts = createTableParts(text);
  if (parts === undefined) return undefined;
  return {
    foreignKeys: parts.elements.flatMap((element) => foreignKeyOf(element) ?? []),
    defaults: parts.elements.flatMap((element) => sequenceDefaultOf(element)?.found ?? []),
  };
}

/** The same statement without some of what it refers to; the same text when there is nothing of it. @param text a binary string */
export function withoutReferences(
  text: string,
  isLeftOut: { foreignKey(key: ForeignKey): boolean; default(one: SequenceDefault): boolean },
): string {
  const parts = createTableParts(text);
  if (parts === undefined) return text;
  let isChanged = false;
  const elements = parts.elements.flatMap((element) => {
    const key = foreignKeyOf(element);
    if (key !== undefined && isLeftOut.foreignKey(key)) {
      isChanged = true;
      return [];
    }
    const value = sequenceDefaultOf(element);
    if (value === undefined || !isLeftOut.default(value.found)) return [element];
    isChanged = true;
    return [element.slice(0, value.at) + element.slice(value.at + value.length)];
  });
  return isChanged ? `${parts.start}\n  ${elements.join(",\n  ")}\n${parts.tail}` : text;
}

function foreignKeyOf(element: string): ForeignKey | undefined {
  const [, constraint, index, first, second] = foreignKey.exec(element) ?? [];
  if (first === undefined) return undefined;
  const key = { name: unquoted(constraint ?? index ?? "``") };
  return second === undefined
    ? { ...key, table: unquoted(first) }
    : { ...key, database: unquoted(first), table: unquoted(second) };
}

function sequenceDefaultOf(
  element: string,
): { readonly found: SequenceDefault; readonly at: number; readonly length: number } | undefined {
  const [all, column, value, , sequence] = sequenceDefault.exec(element) ?? [];
  if (all === undefined || column === undefined || value === undefined || sequence === undefined) return undefined;
  const found = { column: unquoted(column), sequence: unquoted(sequence) };
  return { found, at: all.length - value.length, length: value.length };
}

/** @param quoted a binary string of UTF-8 */
function unquoted(quoted: string): string {
  return Buffer.from(quoted.slice(1, -1).replaceAll("``", "`"), "latin1").toString();
}
