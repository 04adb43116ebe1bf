import type { Codec } from "../../ports/codec.ts";
import type { RestoreEngine } from "../../ports/restore.ts";
import { resolveConnection } from "../../wire/postgres/conninfo/resolve-connection.ts";
import { CustomArchiveReader } from "./archive/custom-archive-reader.ts";
import { ArchiveBackup, type ResolveSpec } from "./restore/archive-backup.ts";
import { recognizeInput } from "./restore/open-input.ts";
import { ScriptBackup } from "./restore/script-backup.ts";

/** Restores logical backups of PostgreSQL databases: our own and pg_dump's. */
export function createPostgresRestorer(codec: Codec, resolve: ResolveSpec = resolveRequest): RestoreEngine {
  return {
    async open(input, { maxPlainBytes }) {
      const recognized = await recognizeInput(input, codec, maxPlainBytes);
      if (recognized.format === "script") return await ScriptBackup.open(recognized, resolve);
      const options = { codec, ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }) };
      const { object } = recognized;
      const reader =
        object === undefined
          ? await CustomArchiveReader.openStream(recognized.read(), options)
          : await CustomArchiveReader.openObject(object, options);
      return new ArchiveBackup(reader, object, resolve);
    },
  };
}

const resolveRequest: ResolveSpec = (request) =>
  resolveConnection({ applicationName: "dbbackup restore", ...request.connection });
