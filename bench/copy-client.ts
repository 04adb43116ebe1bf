import { PgConnection } from "../src/wire/postgres/connection.ts";
import { connectionSpec, type HostSpec } from "../src/wire/postgres/connection-spec.ts";
import { CopyOutScanner } from "../src/wire/postgres/copy-out-scanner.ts";

/** `copy-client.ts HOST PORT DATABASE TABLE`: reads a table as a dump does, rows counted and checksummed, to nowhere. */
const [host = "", port = "", database = "", table = ""] = process.argv.slice(2);
const where: HostSpec = host.startsWith("/")
  ? { kind: "unix", folder: host, port: Number(port), password: undefined }
  : { kind: "tcp", host, address: undefined, port: Number(port), password: undefined };
const connection = await PgConnection.connect(connectionSpec({ hosts: [where], user: "postgres", database }));
const scanner = new CopyOutScanner({
  transport: connection.transportKind,
  memory: { blocks: 6, blockSize: 1024 * 1024 },
});
scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) });
await connection.copyOut(`copy ${table} to stdout`, scanner);
process.stderr.write(`${JSON.stringify(scanner.finish())}\n`);
await connection.close();
