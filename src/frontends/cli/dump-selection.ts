import { type FilterGrammar, type FilterRule, parseFilterFile } from "../../core/filter-file.ts";
import type { DumpSelection } from "../../ports/dump-selection.ts";
import type { Services } from "../../ports/services.ts";
import type { OptionValues } from "./options/options.ts";

/** What the options of a backup select, with what filter files add. @throws BackupError USAGE, NOT_FOUND, IO */
export async function dumpSelection(
  options: OptionValues,
  { readTextFile }: Pick<Services, "readTextFile">,
): Promise<DumpSelection> {
  const rules: FilterRule[] = [];
  for (const file of options.filter ?? []) rules.push(...parseFilterFile(await readTextFile(file), file, grammar));
  const patterns = (name: PatternOption, action: FilterRule["action"], object: string): readonly string[] => [
    ...(options[name] ?? []),
    ...rules.filter((rule) => rule.action === action && rule.object === object).map(({ pattern }) => pattern),
  ];
  return {
    schemas: patterns("schema", "include", "schema"),
    excludedSchemas: patterns("exclude-schema", "exclude", "schema"),
    tables: patterns("table", "include", "table"),
    tablesAndChildren: patterns("table-and-children", "include", "table_and_children"),
    excludedTables: patterns("exclude-table", "exclude", "table"),
    excludedTablesAndChildren: patterns("exclude-table-and-children", "exclude", "table_and_children"),
    excludedData: patterns("exclude-table-data", "exclude", "table_data"),
    excludedDataAndChildren: patterns("exclude-table-data-and-children", "exclude", "table_data_and_children"),
    extensions: patterns("extension", "include", "extension"),
    excludedExtensions: patterns("exclude-extension", "exclude", "extension"),
    foreignServers: patterns("include-foreign-data", "include", "foreign_data"),
    strictNames: options["strict-names"] === true,
    ...(options["large-objects"] === true ? { largeObjects: true } : {}),
    ...(options["no-large-objects"] === true ? { largeObjects: false } : {}),
  };
}

type PatternOption =
  | "schema"
  | "exclude-schema"
  | "table"
  | "table-and-children"
  | "exclude-table"
  | "exclude-table-and-children"
  | "exclude-table-data"
  | "exclude-table-data-and-children"
  | "extension"
  | "exclude-extension"
  | "include-foreign-data";

/** What a line of a filter file can say about a backup. */
const grammar: FilterGrammar = {
  include: ["extension", "foreign_data", "schema", "table", "table_and_children"],
  exclude: ["extension", "schema", "table", "table_and_children", "table_data", "table_data_and_children"],
};
