import { BackupError } from "../../../core/backup-error.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { RestoreEngine, RestoreInput } from "../../../ports/restore.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { ToolsBackup } from "./tools-backup.ts";

export interface ToolsRestorerOptions {
  /** Reads backups, makes plans and looks at the target: the other engine. */
  readonly reading: RestoreEngine;
  readonly codec: Codec;
  readonly places: ToolPlaces;
}

/** Restores with PostgreSQL's own pg_restore and psql. What is to be done is planned as ever. */
export function createToolsRestorer({ reading, codec, places }: ToolsRestorerOptions): RestoreEngine {
  return {
    async open(input, options) {
      if (input.kind === "stream") {
        throw new BackupError({
          code: "USAGE",
          message: "--engine tools reads backups from files, not from standard input",
          hint: "write the backup into a file, or use --engine native",
        });
      }
      return new ToolsBackup(await reading.open(input, options), { input: input as FileInput, codec, places });
    },
  };
}

export type FileInput = Exclude<RestoreInput, { readonly kind: "stream" }>;
