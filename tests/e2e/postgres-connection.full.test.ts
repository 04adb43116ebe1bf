import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectCopyOut } from "../../src/wire/postgres/collect-copy-out.ts";
import { type ConnectOptions, PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../src/wire/postgres/identify-server.ts";
import { Authority } from "../helpers/certificates.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { type PostgresServer, startServer } from "../helpers/postgres-server.ts";

const allMajors: readonly PostgresMajor[] = [10, 11, 12, 13, 14, 15, 16, 17, 18];

describe.each(allMajors)("PostgreSQL %i", (major) => {
  const authority = new Authority("All majors");
  const issued = authority.issue({ commonName: "db.test", names: ["db.test"] });
  let server: PostgresServer;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-majors-"));
    writeFileSync(join(folder, "root.pem"), authority.certificate);
    server = await startServer({
      major,
      hba: "local all all trust\nhost all md5_user all md5\nhost all scram_user all scram-sha-256\nhost all all all trust",
      ssl: { certificate: issued.certificate, key: issued.key },
    });
    await server.sql(`set password_encryption = 'scram-sha-256'; create role scram_user login password 'secret';
      set password_encryption = 'md5'; create role md5_user login password 'secret'`);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  function open(settings: string, options: ConnectOptions = {}): Promise<PgConnection> {
    const url = `host=db.test hostaddr=127.0.0.1 port=${server.port} dbname=postgres password=secret ${settings}`;
    return PgConnection.connect(resolveConnection({ url }), options);
  }

  test("lets in by every method, with and without TLS, and is identified", async () => {
    const verified = `sslmode=verify-full sslrootcert=${join(folder, "root.pem")}`;
    for (const tls of ["sslmode=disable", "sslmode=prefer", "sslmode=require", verified]) {
      for (const user of ["postgres", "scram_user", "md5_user"]) {
        const spec = resolveConnection({
          url: `host=db.test hostaddr=127.0.0.1 port=${server.port} dbname=postgres password=secret user=${user} require_auth=none,md5,scram-sha-256 ${tls}`,
        });
        await using connection = await PgConnection.connect(spec);
        expect(connection.transportKind).toBe(tls.endsWith("disable") ? "tcp" : "tls");
        expect(await identifyServer(connection, spec)).toMatchObject({ pooling: "none" });
      }
    }
  });

  test("binds SCRAM to TLS from 11 on, and starts TLS directly from 17 on", async () => {
    const bound = open("user=scram_user sslmode=require channel_binding=require");
    if (major >= 11) await (await bound).close();
    else await expect(bound).rejects.toMatchObject({ code: "AUTH" });
    const direct = open("user=postgres sslmode=require sslnegotiation=direct");
    if (major >= 17) await (await direct).close();
    else await expect(direct).rejects.toMatchObject({ code: "CONNECT" });
  });

  test("copies both ways, pipelines, and cancels, also when asked for protocol 3.2", async () => {
    await using connection = await open("user=postgres sslmode=require max_protocol_version=3.2");
    await connection.query("create temp table t (id int, v text)");
    const copy = await connection.copyIn("copy t from stdin");
    await copy.write(Buffer.from(Array.from({ length: 1000 }, (_, index) => `${index}\tv${index}\n`).join("")));
    expect(await copy.end()).toEqual({ rows: 1000 });
    const { consumer, bytes } = collectCopyOut(100_000);
    const copied = connection.copyOut("copy (select * from t order by id) to stdout", consumer);
    const counted = connection.query("select count(*) from t");
    expect(await copied).toEqual({ rows: 1000 });
    expect(bytes().toString().split("\n")[17]).toBe("17\tv17");
    expect((await counted).rows).toEqual([["1000"]]);
    const sleeping = connection.query("select pg_sleep(30)");
    const cancelled = expect(sleeping).rejects.toMatchObject({ sqlState: "57014" });
    await sleep(50);
    await connection.cancel();
    await cancelled;
  });

  test("tells a primary from a standby", async () => {
    await using standby = await startServer({ major, settings: { hot_standby: "on" } });
    await standby.halt();
    if (major >= 12) writeFileSync(join(standby.dataDirectory, "standby.signal"), "");
    else await appendFile(join(standby.dataDirectory, "recovery.conf"), "standby_mode = on\n");
    await standby.start();
    for (const [attributes, port] of [
      ["primary", server.port],
      ["read-write", server.port],
      ["standby", standby.port],
      ["read-only", standby.port],
      ["prefer-standby", standby.port],
    ] as const) {
      const url = `host=127.0.0.1,127.0.0.1 port=${server.port},${standby.port} user=postgres target_session_attrs=${attributes}`;
      await using connection = await PgConnection.connect(resolveConnection({ url }));
      expect(connection.host.port, attributes).toBe(port);
    }
  });
});
