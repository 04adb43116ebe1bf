import { BackupError } from "../../../core/backup-error.ts";
import { parseCompression } from "../../../core/compression.ts";
import type { ContentsEntry } from "../../../ports/restore.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { demandingExtensions } from "../demanding-extensions.ts";
import { openDumpSession } from "../dump/dump-session.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { readEntries } from "../dump/read-entries.ts";
import { dumpEncoding } from "../dump/session-settings.ts";
import { contentsEntry } from "../restore/backup-contents.ts";

/**
 * What a dump of the database would hold now: everything is planned, and no row read.
 * @param groupsLargeObjects as the backup has them, so that their names are alike
 * @returns undefined when it holds something that this program cannot dump: then nobody knows what else it holds
 */
export async function readRestoredEntries(
  spec: ConnectionSpec,
  { encoding, groupsLargeObjects }: { readonly encoding: string; readonly groupsLargeObjects: boolean },
  signal: AbortSignal,
): Promise<readonly ContentsEntry[] | undefined> {
  await using connection = await PgConnection.connect(spec, { text: "binary", signal });
  const { database } = spec;
  const session = await openDumpSession(connection, { database, ...(encoding === "" ? {} : { encoding }) });
  const request = {
    connection: {},
    database,
    format: "custom",
    compression: parseCompression("none"),
    jobs: 1,
    applicationName: "",
    allowedExtensions: demandingExtensions.map(({ name }) => name),
  } as const;
  const spoken = dumpEncoding(connection);
  try {
    const format = { kind: "archive", container: "custom", minor: 16, groupsLargeObjects } as const;
    const { entries } = await readEntries(session, spoken, request, format);
    const decode = nameDecoder(spoken);
    return entries.map((entry) => contentsEntry(entry, decode));
  } catch (error) {
    if (error instanceof BackupError && error.code === "UNSUPPORTED_OBJECT") return undefined;
    throw error;
  }
}
