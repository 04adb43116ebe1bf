import { createHash } from "node:crypto";
import type { WaitForServer } from "../../src/engines/mysql/dump/server-wait.ts";
import { createMysqlDumper } from "../../src/engines/mysql/mysql-dumper.ts";
import { createMysqlRestorer } from "../../src/engines/mysql/mysql-restorer.ts";
import type { FolderOutput } from "../../src/ports/dump.ts";
import { usualMysqlDump } from "../../src/ports/mysql-dump.ts";
import type { RestoreResult } from "../../src/ports/restore.ts";
import { codec } from "./codec.ts";
import { memoryFiles, memorySink } from "./memory-object.ts";
import type { MysqlDatabase } from "./mysql-database.ts";
import { keptEvents, mysqlRestoreRequest, never } from "./restore-request.ts";

/** A folder of a dump that stays in memory. */
export function memoryFolder(): { readonly output: FolderOutput; readonly files: ReadonlyMap<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const createFile: FolderOutput["createFile"] = async (name) => {
    const pieces: Buffer[] = [];
    return {
      write: async (piece) => void pieces.push(Buffer.from(piece)),
      end: async () => {
        const bytes = Buffer.concat(pieces);
        files.set(name, bytes);
        return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
      },
    };
  };
  return { output: { kind: "folder", createFile }, files };
}

/** Dumps with four sessions as if every table were large: a file for each row, smaller than users can ask for. */
export async function dumpInTinyParts(source: MysqlDatabase): Promise<ReadonlyMap<string, Buffer>> {
  const { output, files } = memoryFolder();
  const request = {
    connection: { socket: source.server.socket, user: "root", dbType: "mysql" },
    database: source.name,
    format: "directory",
    compression: { method: "none", level: 0 },
    jobs: 4,
    applicationName: "test",
    mysql: { ...usualMysqlDump, chunkSize: 1 },
  } as const;
  await createMysqlDumper({ dumperVersion: "test" }).dump(request, output, {
    codec,
    progress: keptEvents(),
    signal: never,
    startedAt: new Date(),
  });
  return files;
}

const openSpool = () => Promise.reject(new Error("scripts need no spool"));

/** The script of a dump by four sessions, which share its work from when on they are told that the server is waited for. */
export async function dumpScriptByFour(source: MysqlDatabase, serverWait: WaitForServer): Promise<Buffer> {
  const { sink, bytes } = memorySink();
  const request = {
    connection: { socket: source.server.socket, user: "root", dbType: "mysql" },
    database: source.name,
    format: "sql",
    compression: { method: "none", level: 0 },
    jobs: 4,
    jobsAreAsked: true,
    applicationName: "test",
  } as const;
  await createMysqlDumper({ dumperVersion: "test", serverWait }).dump(
    request,
    { kind: "file", sink, openSpool },
    { codec, progress: keptEvents(), signal: never, startedAt: new Date() },
  );
  return bytes();
}

/** Restores with four sessions. */
export async function restoreParts(files: ReadonlyMap<string, Buffer>, target: MysqlDatabase): Promise<RestoreResult> {
  const backup = await createMysqlRestorer({ codec }).open({ kind: "folder", files: memoryFiles(files) }, {});
  const request = mysqlRestoreRequest(target.server, target.name, { jobs: { count: 4, isAsked: true } });
  return await backup.run(request, keptEvents(), never);
}
