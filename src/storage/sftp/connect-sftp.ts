import { connect, type Socket } from "node:net";
import type { Sftp } from "ssh2";
import { BackupError } from "../../core/backup-error.ts";
import { HostKeyCheck } from "./host-key-check.ts";
import { sftpCredentials } from "./sftp-credentials.ts";
import { connectError } from "./sftp-error.ts";
import { SftpSession } from "./sftp-session.ts";
import type { SftpSettings } from "./sftp-settings.ts";

/** Nothing came for so long although an answer is waited for: bringing a large file to a slow disk may take minutes. */
const SILENCE_MS = 300_000;
/** A peer that is gone without a word is found out by the system. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Connects, checks the host's key, logs in and starts SFTP.
 * @throws BackupError CONNECT, AUTH, CONFIG
 */
export async function connectSftp(settings: SftpSettings, sdk: typeof import("./sftp-sdk.ts")): Promise<SftpSession> {
  const { host, port, user, connectTimeoutMs } = settings;
  const check = await HostKeyCheck.open(settings);
  const { methods, notes } = await sftpCredentials(settings, sdk.parseKey);
  const socket = connect({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, noDelay: true });
  const client = new sdk.Client();
  let session: SftpSession | undefined;
  try {
    const sftp = await new Promise<Sftp>((resolve, reject) => {
      const over = (error: Error): void => {
        reject(error);
        session?.end(error);
      };
      const deadline = setTimeout(() => {
        over(new Error(`the server did not answer within ${connectTimeoutMs / 1000} s`));
        socket.destroy();
      }, connectTimeoutMs);
      client.on("error", over);
      client.on("close", () => {
        clearTimeout(deadline);
        over(new Error("the server closed the connection"));
      });
      client.on("ready", () =>
        client.sftp((error, started) => {
          if (error) return over(error);
          started.on("error", over);
          started.on("close", () => over(new Error("the server ended SFTP")));
          clearTimeout(deadline);
          resolve(started);
        }),
      );
      client.connect({
        sock: socket,
        username: user,
        // The deadline above is for all of it.
        readyTimeout: 0,
        authHandler: [{ type: "none", username: user }, ...methods],
        hostVerifier: (key) => check.accepts(key),
        algorithms: { serverHostKey: check.algorithms },
      });
    });
    session = new SftpSession(sftp, socket);
    endWhenSilent(socket, session);
    refuseWithoutSync(session, settings);
    return session;
  } catch (error) {
    socket.destroy();
    throw check.refusal ?? connectError(`${host}:${port}`, user, notes, error);
  }
}

function endWhenSilent(socket: Socket, session: SftpSession): void {
  socket.setTimeout(SILENCE_MS, () => {
    if (!session.isWaiting) return;
    session.end(new Error(`the server did not answer for ${SILENCE_MS / 1000} s`));
    socket.destroy();
  });
}

/** Without it nobody knows when a backup is on the disk. */
function refuseWithoutSync(session: SftpSession, { needsFsync, host, port }: SftpSettings): void {
  if (!needsFsync || session.has("fsync@openssh.com")) return;
  throw new BackupError({
    code: "IO",
    message: "the server cannot bring files to its disk on request (fsync@openssh.com)",
    object: `${host}:${port}`,
    hint: 'with the parameter "fsync=false" backups are written all the same: a crash of that machine may then take the last ones away',
  });
}
