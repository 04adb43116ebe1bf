import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { DirectoryIndex, DirectoryObject } from "../directory/directory-index.ts";
import { fileBytes } from "../directory/file-bytes.ts";
import { eachStatement } from "../script/each-statement.ts";
import { type TableReferences, tableReferences } from "./table-references.ts";

/** What of a directory is not whole. */
export interface DirectoryDamage {
  /** Objects whose definitions are damaged. */
  readonly withoutDefinition: ReadonlySet<DirectoryObject>;
  /** Names of tables with damaged rows. */
  readonly withoutRows: ReadonlySet<string>;
  /** What the other tables need beside them, by their names. */
  readonly references: ReadonlyMap<string, TableReferences>;
}

/** Reads what tables need of each other: of those whose definitions are whole. */
export async function readReferences(
  files: BackupFiles,
  { objects }: DirectoryIndex,
  withoutDefinition: ReadonlySet<DirectoryObject>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TableReferences>> {
  const references = new Map<string, TableReferences>();
  for (const object of objects) {
    const { kind, name, schema } = object;
    if (kind !== "table" || schema === undefined || withoutDefinition.has(object)) continue;
    signal.throwIfAborted();
    await eachStatement(fileBytes(files, schema.file), (text) => {
      const found = tableReferences(text.toString("latin1"));
      if (found !== undefined && (found.foreignKeys.length > 0 || found.defaults.length > 0)) {
        references.set(name, found);
      }
    });
  }
  return references;
}
