import { BackupError } from "../core/backup-error.ts";
import { type EngineFamily, familyOfConnection, type NamedFamily, shownFamily } from "../core/database-type.ts";
import { peekStream } from "../core/peek-stream.ts";
import type { Codec } from "../ports/codec.ts";
import type { RestorableBackup, RestoreEngine, RestoreInput, RestoreRequest, StoredInput } from "../ports/restore.ts";
import {
  recognizeFolder,
  recognizeStoredFamily,
  recognizeStoredFile,
  STORED_FAMILY_BYTES,
} from "./recognize-family.ts";

export type OpenRestoreEngine = (family: EngineFamily) => Promise<RestoreEngine>;

/**
 * Restores what is given by the engine whose backup it is: its first bytes tell.
 * @param named `asked` is what the server is, which must be the backup's; `usual` what it is taken for where its bytes do not tell
 */
export function choosingRestorer(
  codec: Codec,
  openEngine: OpenRestoreEngine,
  { asked, usual = asked ?? "postgres" }: NamedFamily,
): RestoreEngine {
  return {
    async open(input, options) {
      const { family, input: whole } = await recognizeInput(input, codec);
      if (family !== undefined && asked !== undefined && family !== asked) throw otherFamily(family, asked);
      const chosen = family ?? usual;
      const engine = await openEngine(chosen);
      return forServersOf(chosen, await engine.open(whole, options));
    },
    async openDamaged(input, options, signal) {
      const { family, input: whole } = await recognizeInput(input, codec);
      if (family !== undefined && asked !== undefined && family !== asked) throw otherFamily(family, asked);
      const chosen = family ?? usual;
      const engine = await openEngine(chosen);
      if (engine.openDamaged === undefined) throw cannotSalvage();
      const opened = await engine.openDamaged(whole as StoredInput, options, signal);
      return { ...opened, backup: forServersOf(chosen, opened.backup) };
    },
    // Only those of one family can be.
    async follow(growing, signal) {
      if (asked === "postgres") throw otherFamily("mysql", asked);
      const engine = await openEngine("mysql");
      if (engine.follow === undefined) throw cannotFollow();
      return forServersOf("mysql", await engine.follow(growing, signal));
    },
  };
}

async function recognizeInput(
  input: RestoreInput,
  codec: Codec,
): Promise<{ readonly family: EngineFamily | undefined; readonly input: RestoreInput }> {
  switch (input.kind) {
    case "folder":
      return { family: recognizeFolder(input.files), input };
    case "object":
      return { family: await recognizeStoredFile(input.object, codec), input };
    case "stream": {
      const { head, all } = await peekStream(input.stream, STORED_FAMILY_BYTES);
      return { family: await recognizeStoredFamily(head, codec), input: { kind: "stream", stream: all } };
    }
  }
}

/** The same backup, which refuses servers of the other family before anything is asked. */
function forServersOf(family: EngineFamily, backup: RestorableBackup): RestorableBackup {
  const check = ({ connection, definer = "keep", convert = false }: RestoreRequest): void => {
    if (family === "postgres" && definer !== "keep") throw ofMysql('"--definer" and "--skip-definer" are');
    if (family === "postgres" && convert) throw ofMysql('"--convert" is');
    const target = familyOfConnection(connection);
    if (target !== undefined && target !== family) throw otherFamily(family, target);
  };
  return {
    summary: backup.summary,
    contents: () => backup.contents(),
    plan(request) {
      check(request);
      return backup.plan(request);
    },
    preCheck: (request, signal) => backup.preCheck(request, signal),
    run: (request, progress, signal) => backup.run(request, progress, signal),
    writeScript: (request, output) => backup.writeScript(request, output),
  };
}

function cannotSalvage(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "only the native engine salvages damaged backups",
    hint: "leave out --engine",
  });
}

function cannotFollow(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "only the native engine restores a backup that is still being made",
    hint: "leave out --engine",
  });
}

function ofMysql(what: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `${what} for backups of MySQL and MariaDB, and this is one of PostgreSQL`,
    hint: "leave it out",
  });
}

function otherFamily(backup: EngineFamily, server: EngineFamily): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the backup is one of ${shownFamily[backup]}, and cannot be restored into ${shownFamily[server]}`,
    hint: "name a server of the backup's kind with --url, or another backup",
  });
}
