import { type FileHandle, open } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { ioError } from "./io-error.ts";

const fileName = "dbbackup.toml";
/** Larger ones are no configuration. */
const maxBytes = 1 << 20;
/** Write permission of group and others. */
const writableByOthers = 0o022;

/**
 * Reads the configuration file.
 * @param path the file; `none` for none; undefined: the first of `./dbbackup.toml`, the user's and the system's that is there
 * @returns undefined when there is none
 * @throws BackupError CONFIG when the file named is not there, or others may write it: it says where backups go and which programs run; IO
 */
export async function readConfigFile(
  path: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  if (path === "none") return undefined;
  if (path !== undefined) {
    const text = await textOf(path);
    if (text === undefined) throw missing(path);
    return { path, text };
  }
  for (const candidate of candidates(environment)) {
    const text = await textOf(candidate);
    if (text !== undefined) return { path: candidate, text };
  }
  return undefined;
}

function candidates({
  XDG_CONFIG_HOME: given = "",
  HOME: home = homedir(),
}: Readonly<Record<string, string | undefined>>): string[] {
  // As the specification of these folders says: a relative one counts for none.
  const user = isAbsolute(given) ? given : join(home, ".config");
  return [fileName, join(user, "dbbackup", fileName), join("/etc/dbbackup", fileName)];
}

async function textOf(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw ioError("reading", path, cause);
  }
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > maxBytes)
      throw refused(path, "it is no file of at most 1 MiB", "name another one");
    const me = process.getuid?.();
    if (me !== undefined && found.uid !== me && found.uid !== 0) {
      throw refused(path, "it belongs to another user", "own it, or name another one with --config");
    }
    if (me !== undefined && (found.mode & writableByOthers) !== 0) {
      throw refused(path, "others may write it", `run chmod go-w ${path}`);
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function missing(path: string): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: "there is no such configuration file",
    object: path,
    hint: "check --config and DBBACKUP_CONFIG",
  });
}

function refused(path: string, why: string, hint: string): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `the configuration file cannot be used: ${why}`,
    object: path,
    hint,
  });
}
