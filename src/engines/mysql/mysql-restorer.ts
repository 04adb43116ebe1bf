import { BackupError } from "../../core/backup-error.ts";
import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import { resolveMysqlConnection } from "../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { openPlainInput } from "../common/plain-input.ts";
import { isMydumperFolder } from "./mydumper/mydumper-folder.ts";
import { openMydumper } from "./mydumper/open-mydumper.ts";
import { DirectoryBackup } from "./restore/directory/directory-backup.ts";
import { FollowedDirectory } from "./restore/follow/followed-directory.ts";
import { type ResolveSpec, ScriptBackup } from "./restore/script-backup.ts";
import { openDamagedDirectory } from "./salvage/open-damaged-directory.ts";
import { requireScript } from "./script/require-script.ts";

export interface MysqlRestorerOptions {
  readonly codec: Codec;
  readonly resolve?: ResolveSpec;
}

/** Restores backups of MySQL and MariaDB: our own scripts and directories, scripts of mysqldump and mariadb-dump, folders of mydumper. */
export function createMysqlRestorer({ codec, resolve = resolveRequest }: MysqlRestorerOptions): RestoreEngine {
  return {
    async open(input, { maxPlainBytes }) {
      if (input.kind === "folder" && isMydumperFolder(input.files)) {
        return new DirectoryBackup(await openMydumper(input.files, codec), codec, resolve);
      }
      if (input.kind === "folder") return await DirectoryBackup.open(input.files, codec, resolve);
      const plain = await openPlainInput(input, codec, maxPlainBytes);
      requireScript(plain.head);
      return await ScriptBackup.open(plain, resolve);
    },
    async openDamaged(input, _options, signal) {
      if (input.kind !== "folder") throw scriptNotSalvaged();
      if (isMydumperFolder(input.files)) throw mydumperNotSalvaged();
      return await openDamagedDirectory(input.files, { codec, resolve }, signal);
    },
    follow: (growing, signal) => FollowedDirectory.open({ growing, codec, resolve }, signal),
  };
}

function scriptNotSalvaged(): BackupError {
  return new BackupError({
    code: "USAGE",
    message:
      "a script cannot be salvaged: nothing in it tells which of its statements are what was written; only backups of format directory can",
    hint: "restore from another copy or an earlier backup; what can be read of the script comes with --on-error continue into a database of its own, and nobody knows whether it is right",
  });
}

function mydumperNotSalvaged(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "a folder of mydumper cannot be salvaged: nothing in it tells which of its files are what was written",
    hint: "leave out --salvage, or restore from another copy",
  });
}

const resolveRequest: ResolveSpec = (request) =>
  resolveMysqlConnection({ applicationName: "dbbackup restore", ...request.connection });
