import { PgConnection } from "../../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../../wire/postgres/connection-spec.ts";
import { chooseFormat } from "../../dump/choose-format.ts";
import { openDumpSession } from "../../dump/dump-session.ts";
import { readEntries } from "../../dump/read-entries.ts";
import { dumpEncoding } from "../../dump/session-settings.ts";
import { type Definitions, definitionsOf } from "./definitions.ts";

/** The definitions that a backup of the database would hold now. */
export async function readDefinitions(spec: ConnectionSpec, signal: AbortSignal): Promise<Definitions> {
  await using connection = await PgConnection.connect(spec, { text: "binary", signal });
  const { database = "" } = spec;
  const session = await openDumpSession(connection, { database });
  const request = {
    connection: {},
    database,
    format: "custom",
    compression: { method: "none", level: 0 },
    jobs: 1,
    applicationName: "",
  } as const;
  const format = chooseFormat(request, session.capabilities);
  const { entries, decodeName } = await readEntries(session, dumpEncoding(connection), request, format);
  await connection.query("COMMIT");
  return definitionsOf(entries, decodeName);
}
