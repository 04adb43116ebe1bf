import { type FilterGrammar, parseFilterFile } from "../core/filter-file.ts";
import type { RestoreSelection } from "../ports/restore.ts";

/** Files that say what to restore. */
export interface ChoosingFiles {
  /** An edited listing. */
  readonly useListFile?: string;
  /** As pg_restore's `--filter` takes them; `-` is standard input. */
  readonly filterFiles?: readonly string[];
}

/** Gives the text of a file; `-` is standard input. */
export type ReadTextFile = (path: string) => Promise<string>;

const grammar: FilterGrammar = {
  include: ["function", "index", "schema", "table", "trigger"],
  exclude: ["schema"],
};

/**
 * Adds what files choose to what options choose.
 * @throws BackupError USAGE for what cannot be understood, NOT_FOUND
 */
export async function chosenByFiles<S extends RestoreSelection>(
  selection: S,
  { useListFile, filterFiles = [] }: ChoosingFiles,
  read: ReadTextFile,
): Promise<S> {
  let chosen = selection;
  if (useListFile !== undefined) chosen = { ...chosen, useList: await read(useListFile) };
  for (const file of filterFiles) {
    for (const { action, object, pattern } of parseFilterFile(await read(file), file, grammar)) {
      const list = action === "exclude" ? "excludedSchemas" : includedBy[object]!;
      chosen = { ...chosen, [list]: [...(chosen[list] ?? []), unquoted(pattern)] };
    }
  }
  return chosen;
}

const includedBy: Readonly<Record<string, "functions" | "indexes" | "schemas" | "tables" | "triggers">> = {
  function: "functions",
  index: "indexes",
  schema: "schemas",
  table: "tables",
  trigger: "triggers",
};

/** Names of restores are exact: quotes only keep a name together. */
function unquoted(pattern: string): string {
  return pattern.replace(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'));
}
