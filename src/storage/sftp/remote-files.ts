import { dirname } from "node:path/posix";
import { hasStatus, status } from "./sftp-error.ts";
import type { RemoteHandle, SftpSession } from "./sftp-session.ts";

/** Somebody else removes folders that are empty at the moment that we need them; he does not do so again and again. */
const MAX_ATTEMPTS = 5;

/** Makes a folder and its missing parents; existing ones stay as they are. */
export async function ensureFolder(session: SftpSession, path: string): Promise<void> {
  try {
    await session.makeFolder(path);
  } catch (error) {
    if (hasStatus(error, status.noSuchFile) && dirname(path) !== path) {
      await ensureFolder(session, dirname(path));
      await ensureFolder(session, path);
      return;
    }
    // Servers say no more than that it failed when it is there, and some that it is not permitted.
    if (!hasStatus(error, status.failure, status.permissionDenied) || (await session.lstat(path)) === undefined) {
      throw error;
    }
    return;
  }
  await syncFolder(session, dirname(path));
}

/** Does what needs the folder of a path, and makes that folder when it is missing. */
export async function inFolderOf<R>(session: SftpSession, path: string, act: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!hasStatus(error, status.noSuchFile) || attempt === MAX_ATTEMPTS) throw error;
      await ensureFolder(session, dirname(path));
    }
  }
}

/** Makes names that were added to a folder durable, on servers that let folders be opened and synced as files are. */
export async function syncFolder(session: SftpSession, path: string): Promise<void> {
  try {
    const handle = await session.openForReading(path);
    await withHandle(session, handle, () => session.sync(handle));
  } catch (error) {
    if (session.isOver) throw error;
    // What the server cannot do with folders it does not do for us.
  }
}

/** Closes the handle when it is done. */
export async function withHandle<R>(session: SftpSession, handle: RemoteHandle, act: () => Promise<R>): Promise<R> {
  try {
    return await act();
  } finally {
    await session.close(handle).catch(() => {}); // Nothing hangs on it: what was written is checked otherwise.
  }
}
