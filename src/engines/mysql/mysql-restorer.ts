import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import { resolveMysqlConnection } from "../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { openPlainInput } from "../common/plain-input.ts";
import { isMydumperFolder } from "./mydumper/mydumper-folder.ts";
import { openMydumper } from "./mydumper/open-mydumper.ts";
import { DirectoryBackup } from "./restore/directory/directory-backup.ts";
import { FollowedDirectory } from "./restore/follow/followed-directory.ts";
import { type ResolveSpec, ScriptBackup } from "./restore/script-backup.ts";
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
    follow: (growing, signal) => FollowedDirectory.open({ growing, codec, resolve }, signal),
  };
}

const resolveRequest: ResolveSpec = (request) =>
  resolveMysqlConnection({ applicationName: "dbbackup restore", ...request.connection });
