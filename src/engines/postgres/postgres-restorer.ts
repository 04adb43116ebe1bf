import { BackupError } from "../../core/backup-error.ts";
import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { resolveConnection } from "../../wire/postgres/conninfo/resolve-connection.ts";
import { ArchiveFileReader } from "./archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "./archive/archive-folder-reader.ts";
import { ArchiveBackup, type ResolveSpec } from "./restore/archive-backup.ts";
import { recognizeInput } from "./restore/open-input.ts";
import { ScriptBackup } from "./restore/script-backup.ts";
import { openDamagedArchive } from "./salvage/open-damaged-archive.ts";

export interface RestorerOptions {
  readonly codec: Codec;
  /** Where statements wait that are too long for memory. */
  readonly openSpool: OpenSpool;
  readonly resolve?: ResolveSpec;
}

/** Restores logical backups of PostgreSQL databases: our own and pg_dump's. */
export function createPostgresRestorer({ codec, openSpool, resolve = resolveRequest }: RestorerOptions): RestoreEngine {
  return {
    async open(input, { maxPlainBytes }) {
      const options = { codec, ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }) };
      if (input.kind === "folder")
        return new ArchiveBackup(await ArchiveFolderReader.open(input.files, options), resolve, codec);
      const recognized = await recognizeInput(input, codec, maxPlainBytes);
      if (recognized.format === "script") return await ScriptBackup.open(recognized, { resolve, openSpool });
      const { object } = recognized;
      const reader =
        object === undefined
          ? await ArchiveFileReader.openStream(recognized.read(), options)
          : await ArchiveFileReader.openObject(object, options);
      return new ArchiveBackup(reader, resolve, codec);
    },

    async openDamaged(input, { expectedRows, ...limits }, signal) {
      const known = expectedRows === undefined ? {} : { expectedRows };
      const opened = await openDamagedArchive({ ...input, ...limits }, codec, known, signal);
      if (opened === undefined) throw noArchive();
      const backup = new ArchiveBackup(opened.reader, resolve, codec, opened.survey);
      return { backup, survey: opened.survey, salvaged: (request) => backup.salvaged(request) };
    },
  };
}

function noArchive(): BackupError {
  return new BackupError({
    code: "USAGE",
    message:
      "only archives can be salvaged (custom, directory, tar): of this file nothing is known behind its first damage",
    hint: "leave out --salvage, or restore from another copy",
  });
}

const resolveRequest: ResolveSpec = (request) =>
  resolveConnection({ applicationName: "dbbackup restore", ...request.connection });
