import { BackupError } from "../../core/backup-error.ts";
import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import { resolveMysqlConnection } from "../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { openPlainInput } from "../common/plain-input.ts";
import { type ResolveSpec, ScriptBackup } from "./restore/script-backup.ts";
import { requireScript } from "./script/require-script.ts";

export interface MysqlRestorerOptions {
  readonly codec: Codec;
  readonly resolve?: ResolveSpec;
}

/** Restores scripts of MySQL and MariaDB: our own, and those of mysqldump and mariadb-dump. */
export function createMysqlRestorer({ codec, resolve = resolveRequest }: MysqlRestorerOptions): RestoreEngine {
  return {
    async open(input, { maxPlainBytes }) {
      if (input.kind === "folder") throw noFolder();
      const plain = await openPlainInput(input, codec, maxPlainBytes);
      requireScript(plain.head);
      return await ScriptBackup.open(plain, resolve);
    },
  };
}

const resolveRequest: ResolveSpec = (request) =>
  resolveMysqlConnection({ applicationName: "dbbackup restore", ...request.connection });

function noFolder(): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: "a folder is no script of MySQL or MariaDB",
    hint: "name the file",
  });
}
