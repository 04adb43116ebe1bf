import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { resolveConnection } from "../../wire/postgres/conninfo/resolve-connection.ts";
import { ArchiveFileReader } from "./archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "./archive/archive-folder-reader.ts";
import { ArchiveBackup, type ResolveSpec } from "./restore/archive-backup.ts";
import { recognizeInput } from "./restore/open-input.ts";
import { ScriptBackup } from "./restore/script-backup.ts";

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
  };
}

const resolveRequest: ResolveSpec = (request) =>
  resolveConnection({ applicationName: "dbbackup restore", ...request.connection });
