import type { DumpSelection } from "../ports/dump-selection.ts";
import type { DumpSessionOptions } from "../ports/dump-session.ts";
import type { DumpShape } from "../ports/dump-shape.ts";
import type { SampleChoice } from "../ports/sample.ts";

export const optionOfPatterns: Readonly<Partial<Record<keyof DumpSelection, string>>> = {
  schemas: "schema",
  excludedSchemas: "exclude-schema",
  tables: "table",
  tablesAndChildren: "table-and-children",
  excludedTables: "exclude-table",
  excludedTablesAndChildren: "exclude-table-and-children",
  excludedData: "exclude-table-data",
  excludedDataAndChildren: "exclude-table-data-and-children",
  extensions: "extension",
  excludedExtensions: "exclude-extension",
};

/** The options that leave something of the database out of a backup, as they can be given: `--schema=app`. */
export function partialOptions(
  selection: DumpSelection,
  shape: DumpShape,
  { enableRowSecurity, extraFloatDigits }: DumpSessionOptions = {},
): string[] {
  const patterns = Object.entries(optionOfPatterns).flatMap(([key, name]) =>
    (selection[key as keyof DumpSelection] as readonly string[]).map((pattern) => `--${name}=${pattern}`),
  );
  const { noOwner, noTablespaces, noTableAccessMethod } = shape.script;
  const flags = Object.entries({ ...shape, noOwner, noTablespaces, noTableAccessMethod })
    .filter(([name, value]) => value === true && name !== "sequenceData" && name !== "loadViaPartitionRoot")
    .map(([name]) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  return [
    ...patterns,
    ...(selection.largeObjects === false ? ["--no-large-objects"] : []),
    ...flags,
    ...(enableRowSecurity === true ? ["--enable-row-security"] : []),
    ...(extraFloatDigits === undefined ? [] : [`--extra-float-digits=${extraFloatDigits}`]),
    ...shape.sections.map((section) => `--section=${section}`),
  ];
}

/** The options that say which rows are in a sample, so that it can be made again. */
export function sampleOptions(sample: SampleChoice | undefined): string[] {
  return sample === undefined ? [] : [`--sample-${sample.kind}=${sample.value}`, `--sample-seed=${sample.seed}`];
}
