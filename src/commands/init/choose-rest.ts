import { BackupError } from "../../core/backup-error.ts";
import { isStorageUrl } from "../../core/storage-url.ts";
import type { ListedServer } from "../../ports/server-finder.ts";
import type { InitChoices, InitPorts, InitRequest } from "./init-request.ts";

const NO_KEY = "none";
const defaults = { repository: "./backups", keyFile: "./dbbackup.key" } as const;
/** A database that every server has is seldom the one that matters. */
const ofServers: ReadonlySet<string> = new Set(["postgres"]);

/** The database: the only one, else whichever the user says; the largest is the most likely. @throws BackupError NOT_FOUND */
export async function chooseDatabase(
  { databases, address }: ListedServer,
  { database }: InitRequest,
  { interview }: Pick<InitPorts, "interview">,
): Promise<string> {
  if (database !== undefined) {
    if (databases.some(({ name }) => name === database)) return database;
    throw new BackupError({
      code: "NOT_FOUND",
      message: `the server has no database "${database}"`,
      object: address,
      details: databases.map(({ name }) => name),
      hint: "name one of these",
    });
  }
  const own = databases.filter(({ name }) => !ofServers.has(name));
  const candidates = own.length === 0 ? databases : own;
  if (candidates.length === 0) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: "the server has no database that this user sees",
      object: address,
      hint: "log in as somebody who does, with --user",
    });
  }
  const sorted = candidates.toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  if (sorted.length === 1) return sorted[0]!.name;
  const choices = sorted.map(({ name, bytes }, index) => ({
    value: `${index + 1}`,
    text: bytes === undefined ? name : `${name} (${Math.max(1, Math.round(bytes / 1e6))} MB)`,
  }));
  const text = "which database is to be backed up first?";
  const answer = await interview.ask({ flag: "DB", text, choices, default: "1", isGuess: true });
  return sorted[Number(answer) - 1]!.name;
}

/** Where backups, the key and the configuration go, and whether the backup is restored on trial. @throws BackupError EXISTS */
export async function choosePlaces(
  request: InitRequest,
  { interview, absolute, exists }: Pick<InitPorts, "interview" | "absolute" | "exists">,
  configFile: string,
): Promise<Pick<InitChoices, "repository" | "keyFile" | "isNewKey" | "configFile" | "proves">> {
  const repository =
    request.repository ??
    (await interview.ask({
      flag: "--repo",
      text: "where do backups go? a folder, or a URL such as s3://bucket/prefix",
      default: defaults.repository,
    }));
  const key =
    request.keyFile ??
    (await interview.ask({
      flag: "--key-file",
      text: `backups are encrypted with a key in a file: which one? it is made when it is not there; "${NO_KEY}": no encryption`,
      default: defaults.keyFile,
    }));
  const keyFile = key === NO_KEY ? undefined : absolute(key);
  const proves = request.proves ?? (await wantsProof(interview, keyFile !== undefined));
  return {
    repository: isStorageUrl(repository) ? repository : absolute(repository),
    keyFile,
    isNewKey: keyFile !== undefined && !(await exists(keyFile)),
    configFile,
    proves,
  };
}

async function wantsProof(interview: InitPorts["interview"], isEncrypted: boolean): Promise<boolean> {
  const inClear = isEncrypted ? ", where its files hold the rows in clear until it ends" : "";
  const answer = await interview.ask({
    flag: "--no-proof",
    text: `restore the backup for proof, into a server that is started for it and thrown away${inClear}?`,
    default: "yes",
    choices: [
      { value: "yes", text: "yes" },
      { value: "no", text: "no" },
    ],
  });
  return answer === "yes";
}
