import { BackupError } from "../../core/backup-error.ts";
import { recognizeCompression } from "../../core/recognize-compression.ts";
import type { GlobalsRestorer, RestorableGlobals } from "../../ports/cluster.ts";
import type { EarlierArchives } from "../../ports/earlier-archives.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import type { RestorableCluster } from "../cluster/restorable-cluster.ts";
import type { FoundBackup } from "../found-backup.ts";
import { plainObject } from "../plain-object.ts";
import { EarlierArchiveFile, isEarlierCluster } from "./earlier-cluster.ts";

export interface EarlierClusterPorts {
  readonly restorer: GlobalsRestorer;
  readonly archives: EarlierArchives;
  /** What may come out of its compressed bytes, when the user says so. */
  readonly maxPlainBytes: number | undefined;
}

/** Whether a file is such an archive, or its metadata say so. */
export async function isOfEarlierCluster(backup: FoundBackup, archives: EarlierArchives): Promise<boolean> {
  if (isEarlierCluster(backup)) return true;
  const [artifact, ...others] = backup.artifacts;
  if (backup.metadata !== undefined || artifact === undefined || others.length > 0) return false;
  const object = await plainObject(artifact, await artifact.open());
  try {
    const head = Buffer.alloc(4);
    if (recognizeCompression(head.subarray(0, await object.readAt(0, head))) !== "gzip") return false;
    for await (const { name } of archives.entries(front(object), object.size)) {
      return /^(?:\.\/)?(?:$|globals\.sql$|dumps\/)/.test(name);
    }
    return false;
  } catch (error) {
    if (error instanceof BackupError && error.code === "DAMAGED") return false;
    throw error;
  } finally {
    await object.close();
  }
}

/** The first bytes; what looks at a beginning needs no more. */
async function* front(object: OpenedObject): AsyncGenerator<Buffer> {
  const bytes = Buffer.alloc(Math.min(object.size, 256 << 10));
  yield bytes.subarray(0, await object.readAt(0, bytes));
}

/**
 * Reads the whole archive once, before anything is touched: what is in it, the script of globals, and whether its bytes are those
 * that were recorded. Each database is then brought into a temporary file when its turn comes, with one more pass.
 * @throws BackupError DAMAGED, FOREIGN_FILE, KEY, IO
 */
export async function restorableEarlierCluster(
  backup: FoundBackup,
  { restorer, archives, maxPlainBytes }: EarlierClusterPorts,
  signal: AbortSignal,
): Promise<RestorableCluster> {
  const paths = new Map<string, string>();
  let globals: RestorableGlobals | undefined;
  {
    await using file = await EarlierArchiveFile.open(backup);
    for await (const { member, entry } of file.members(archives, signal, maxPlainBytes)) {
      if (member.kind === "globals") globals = await restorer.open(archives.plain(entry));
      if (member.kind === "database") paths.set(member.name, member.path);
    }
    const difference = await file.difference();
    if (difference !== undefined) throw damaged(backup, `${difference}; nothing was touched`);
  }
  if (globals === undefined) throw damaged(backup, "globals.sql is missing in it; nothing was touched");
  return {
    backup,
    metadata: backup.metadata,
    databases: [...paths.keys()].map((name) => ({ name })),
    globals,
    alwaysThere: restorer.alwaysThere,
    async openDatabase(name) {
      const path = paths.get(name)!;
      const open = () => spooled(backup, path, { archives, maxPlainBytes }, signal);
      return { location: `${backup.location}, ${path}`, artifacts: [{ name: path, open }] };
    },
  };
}

async function spooled(
  backup: FoundBackup,
  path: string,
  { archives, maxPlainBytes }: Pick<EarlierClusterPorts, "archives" | "maxPlainBytes">,
  signal: AbortSignal,
): Promise<OpenedObject> {
  await using file = await EarlierArchiveFile.open(backup);
  for await (const { member, entry } of file.members(archives, signal, maxPlainBytes)) {
    if (member.path === path) return await archives.spool(entry.bytes(), path);
  }
  throw damaged(backup, `"${path}" is not in it any more`);
}

function damaged({ location }: FoundBackup, message: string): BackupError {
  return new BackupError({ code: "DAMAGED", message, object: location, hint: "restore from another copy" });
}
