import { dumpDatabase } from "../../src/engines/postgres/dump/dump-database.ts";
import type { DumpIsolation } from "../../src/engines/postgres/dump/dump-session.ts";
import type { DumpRequest, DumpResult } from "../../src/ports/dump.ts";
import type { ProgressEvent } from "../../src/ports/progress.ts";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { connectionSpec } from "../../src/wire/postgres/connection-spec.ts";
import { codec } from "./codec.ts";
import { memorySink } from "./memory-object.ts";
import type { ServerAddress } from "./postgres-server.ts";

export interface MemoryDump {
  readonly bytes: Buffer;
  readonly result: DumpResult;
  readonly events: readonly ProgressEvent[];
}

/** Opens a session of ours over TCP, as superuser unless another role is named. */
export function connectTo(
  server: ServerAddress,
  database: string,
  options: { readonly user?: string; readonly text?: "utf8" | "binary"; readonly signal?: AbortSignal } = {},
): Promise<PgConnection> {
  const spec = connectionSpec({
    hosts: [{ kind: "tcp", host: "127.0.0.1", address: undefined, port: server.port, password: undefined }],
    user: options.user ?? "postgres",
    database,
  });
  return PgConnection.connect(spec, {
    text: options.text ?? "utf8",
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Dumps a database into memory through the engine itself, without the program around it. */
export async function dumpToMemory(
  server: ServerAddress,
  database: string,
  options: Partial<DumpRequest> & {
    readonly isolation?: DumpIsolation;
    readonly user?: string;
    readonly secondReaderFrom?: number;
    /** Told of each connection before it is opened. */
    readonly onConnect?: () => unknown;
    /** Waited for before anything is written. */
    readonly onWrite?: () => Promise<void>;
  } = {},
): Promise<MemoryDump> {
  const connect = async () => {
    await options.onConnect?.();
    return await connectTo(server, database, {
      text: "binary",
      ...(options.user === undefined ? {} : { user: options.user }),
    });
  };
  await using connection = await connect();
  const { sink: memory, bytes } = memorySink();
  const sink = {
    write: async (piece: Uint8Array) => {
      await options.onWrite?.();
      await memory.write(piece);
    },
  };
  const events: ProgressEvent[] = [];
  const request: DumpRequest = {
    connection: {},
    database,
    format: "custom",
    compression: { method: "none", level: 0 },
    jobs: 1,
    applicationName: "test",
    ...options,
  };
  const result = await dumpDatabase(
    connection,
    request,
    { kind: "file", sink, openSpool: () => Promise.reject(new Error("not asked for")) },
    {
      codec,
      progress: { emit: (event) => void events.push(event) },
      signal: new AbortController().signal,
      startedAt: new Date("2026-01-02T03:04:05Z"),
    },
    {
      dumperVersion: "test",
      connect,
      ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
      ...(options.secondReaderFrom === undefined ? {} : { secondReaderFrom: options.secondReaderFrom }),
    },
  );
  return { bytes: bytes(), result, events };
}
