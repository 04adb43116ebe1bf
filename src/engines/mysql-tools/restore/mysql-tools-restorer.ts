import { BackupError } from "../../../core/backup-error.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { RestoreEngine } from "../../../ports/restore.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { MysqlToolsBackup } from "./mysql-tools-backup.ts";

export interface MysqlToolsRestorerOptions {
  /** Reads backups, makes plans and looks at the target: the other engine. */
  readonly reading: RestoreEngine;
  readonly codec: Codec;
  readonly places: ToolPlaces;
}

/** Restores scripts with the clients `mysql` and `mariadb`. What is to be done is planned as ever. */
export function createMysqlToolsRestorer({ reading, codec, places }: MysqlToolsRestorerOptions): RestoreEngine {
  return {
    async open(input, options) {
      if (input.kind !== "object") {
        throw new BackupError({
          code: "USAGE",
          message:
            input.kind === "folder"
              ? "--engine tools restores scripts, and this backup has format directory"
              : "--engine tools reads backups from files, not from standard input",
          hint:
            input.kind === "folder" ? "use --engine native" : "write the backup into a file, or use --engine native",
        });
      }
      const { object } = input;
      return new MysqlToolsBackup(await reading.open(input, options), { object, codec, places });
    },
  };
}
