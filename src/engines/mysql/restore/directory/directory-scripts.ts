import { createHash, type Hash } from "node:crypto";
import { BackupError } from "../../../../core/backup-error.ts";
import type { BackupFiles } from "../../../../ports/backup-files.ts";
import type { DirectoryIndex, DirectoryObject } from "../../directory/directory-index.ts";
import { fileBytes } from "../../directory/file-bytes.ts";
import type { KnownFacts } from "../pre-check.ts";
import { type ScriptFacts, scanScript } from "../scan-script.ts";

/** What the scripts of a backup are together. */
export interface DirectoryFacts extends KnownFacts {
  /** Databases that they name in statements of their own. */
  readonly databases: ReadonlySet<string>;
}

/** What an object is called in messages: `table "orders" (00001.table.sql)`. */
export function shownObject({ kind, name, schema }: DirectoryObject): string {
  const shown = `${kind.replace("-", " ")} "${name}"`;
  return schema === undefined ? shown : `${shown} (${schema.file})`;
}

/** Reads all scripts once, sending nothing. @throws BackupError DAMAGED when one is not that of the index; FOREIGN_FILE */
export async function scanScripts(files: BackupFiles, index: DirectoryIndex): Promise<DirectoryFacts> {
  const scans = index.objects.flatMap(({ schema }) => {
    if (schema === undefined) return [];
    const { file, sha256 } = schema;
    const scan = async (): Promise<ScriptFacts> => {
      const hash = createHash("sha256");
      const facts = await scanScript(hashedBytes(fileBytes(files, file), hash));
      if (hash.digest("hex") !== sha256) throw notAsWritten(file);
      return facts;
    };
    return [{ file, scan }];
  });
  return await mergeFacts(scans, index.server_version);
}

/** What several scripts are together. They are read one after the other. */
export async function mergeFacts(
  scans: readonly { readonly file: string; readonly scan: () => Promise<ScriptFacts> }[],
  serverVersion: string,
): Promise<DirectoryFacts> {
  const databases = new Set<string>();
  const drops = new Set<string>();
  const needsTrust: string[] = [];
  const demands = new Map<string, ScriptFacts["demands"][number]>();
  let longest: ScriptFacts["longest"] = { bytes: 0, line: 0 };
  for (const { file, scan } of scans) {
    const facts = await scan();
    for (const name of [...facts.creates, ...facts.drops, ...facts.uses]) databases.add(name);
    for (const name of facts.drops) drops.add(name);
    for (const reason of facts.needsTrust) needsTrust.push(`${file}, ${reason}`);
    for (const demand of facts.demands) {
      const key = `${demand.kind}\0${demand.name}`;
      if (!demands.has(key)) demands.set(key, { ...demand, file });
    }
    if (facts.longest.bytes > longest.bytes) longest = { ...facts.longest, file };
  }
  return { databases, drops, needsTrust, demands: [...demands.values()], longest, serverVersion };
}

async function* hashedBytes(pieces: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

function notAsWritten(file: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `"${file}" is not what was written: its SHA-256 is not that of the index`,
    object: file,
    hint: "nothing was touched; restore from another copy of the backup",
  });
}
