import type { ArchiveOptions } from "./archive-options.ts";
import { encodeEntry } from "./encode-archive.ts";
import { entryCompleter } from "./late-definitions.ts";
import type { StagedOutput } from "./staged-output.ts";

/** The table of contents of an archive in custom format. */
export interface CustomContents {
  /** Dump ids of the entries with data. */
  readonly dataOrder: readonly number[];
  /** Entries whose rows are COPY text, which has an end of its own; others are statements. */
  readonly withCopy: ReadonlySet<number>;
  /** Writes the number of entries and each of them. Called once. */
  write(output: StagedOutput): Promise<void>;
}

/** That of entries which are all there. */
export function listedContents({
  entries,
  header,
  lateDefinitions,
}: Pick<ArchiveOptions, "entries" | "header" | "lateDefinitions">): CustomContents {
  return {
    dataOrder: entries.filter((entry) => entry.hadDumper).map((entry) => entry.dumpId),
    withCopy: new Set(entries.filter(({ copy }) => copy !== null).map(({ dumpId }) => dumpId)),
    write: async (output) => {
      const { builder } = output;
      builder.int(entries.length);
      const complete = entryCompleter(entries, lateDefinitions);
      for (const entry of entries) {
        encodeEntry(builder, await complete(entry), header.minor);
        builder.unknownOffset(entry.hadDumper);
        await output.settle();
      }
    },
  };
}
