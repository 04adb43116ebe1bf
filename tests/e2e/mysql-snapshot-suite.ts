import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDatabaseDefaults } from "../../src/engines/mysql/dump/database-defaults.ts";
import { dumpDirectory } from "../../src/engines/mysql/dump/dump-directory.ts";
import { setUpDumpSession } from "../../src/engines/mysql/dump/dump-session.ts";
import { DumpTelling } from "../../src/engines/mysql/dump/dump-telling.ts";
import { takeSnapshot } from "../../src/engines/mysql/dump/snapshot/take-snapshot.ts";
import type { MysqlSource } from "../../src/engines/mysql/dump/with-source.ts";
import { readRelations } from "../../src/engines/mysql/objects/read-relations.ts";
import { wholeShape } from "../../src/ports/dump-shape.ts";
import { usualMysqlDump } from "../../src/ports/mysql-dump.ts";
import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { identifyMysql } from "../../src/wire/mysql/identify-server.ts";
import { codec } from "../helpers/codec.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { dumpInTinyParts, memoryFolder } from "../helpers/mysql-forced-parts.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { backupToSql, checksums, loadWithStock } from "../helpers/mysql-round-trip.ts";
import { type MysqlAddress, rootSpec, startMysql } from "../helpers/mysql-server.ts";
import { mustMysqlStock } from "../helpers/mysql-stock.ts";
import { accountTotal, makeAccounts, totalIn, totalSeenBy, withWriters } from "../helpers/mysql-writers.ts";
import { keptEvents } from "../helpers/restore-request.ts";

const options = { sessions: 4, nonTransactional: "lock", noLock: false } as const;
const writers = 4;
/** Sessions that begin one after the other see different states sooner or later, mostly at once. */
const uncoordinatedTries = 200;

async function sourceOf(server: MysqlAddress): Promise<MysqlSource & AsyncDisposable> {
  const spec = rootSpec(server);
  const control = await MysqlConnection.connect(spec);
  return {
    control,
    spec,
    facts: await identifyMysql(control),
    connect: () => MysqlConnection.connect(spec),
    [Symbol.asyncDispose]: () => control.close(),
  };
}

/** A directory by sessions that begin one after the other. */
async function dumpUncoordinated(source: MysqlSource, database: string): Promise<ReadonlyMap<string, Buffer>> {
  await using snapshot = await takeSnapshot(source, { database, unprotected: [] }, options, () => {});
  for (const session of snapshot.sessions) await session.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  const run = {
    source,
    database,
    defaults: await readDatabaseDefaults(source.control, source.facts, database),
    snapshot,
    relations: await readRelations(snapshot.sessions[0]!, database),
    shape: wholeShape,
    options: usualMysqlDump,
    telling: new DumpTelling(keptEvents()),
    dumperVersion: "test",
  };
  const { output, files } = memoryFolder();
  await dumpDirectory(run, output, { codec, compression: { method: "none", level: 0 } });
  return files;
}

/** How a server of each flavour holds its sessions together. */
const methods: Readonly<Record<MysqlFlavour, string>> = {
  "mariadb-10.5": "backup-stages",
  "mariadb-10.11": "backup-stages",
  "mariadb-11.8": "backup-stages",
  "mysql-5.6": "global-read-lock",
  "mysql-9.7": "global-read-lock",
};

/** @param snapshots how many are taken of each server while others write */
export function snapshotSuite(flavours: readonly MysqlFlavour[], snapshots: number): void {
  describe.each(flavours)("snapshots of several sessions on %s", (flavour) => {
    test("all see the same state, and the binary log goes on from there", async () => {
      await using server = await startMysql({ flavour });
      await using database = await withMysqlDatabase(server);
      await makeAccounts(server, database.name);
      await using source = await sourceOf(server);
      const found = new Set<string>();
      {
        await using writing = await withWriters(server, database.name, writers);
        for (let count = 0; count < snapshots; count++) {
          await using snapshot = await takeSnapshot(
            source,
            { database: database.name, unprotected: [] },
            options,
            () => {},
          );
          expect(await totalSeenBy(snapshot.sessions)).toBe(accountTotal);
          expect(snapshot.coordinates).toBeDefined();
          found.add(snapshot.method);
        }
        expect(writing.moves()).toBeGreaterThan(snapshots);
      }
      expect([...found]).toEqual([methods[flavour]]);
    });

    test("without coordination they do not", async () => {
      await using server = await startMysql({ flavour });
      await using database = await withMysqlDatabase(server);
      await makeAccounts(server, database.name);
      await using source = await sourceOf(server);
      await using _writing = await withWriters(server, database.name, writers);
      const sessions = await Promise.all(Array.from({ length: options.sessions }, () => source.connect()));
      for (const session of sessions) await setUpDumpSession(session, source.facts, database.name);
      const totals = new Set<number>();
      for (let tries = 0; tries < uncoordinatedTries && totals.size < 2; tries++) {
        for (const session of sessions) await session.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
        totals.add(accountTotal).add(await totalSeenBy(sessions));
      }
      await Promise.all(sessions.map((session) => session.close()));
      expect(totals.size).toBe(2);
    });

    test("so do directories of several connections, in files of a row each", async () => {
      await using server = await startMysql({ flavour });
      await using database = await withMysqlDatabase(server);
      await makeAccounts(server, database.name);
      await using writing = await withWriters(server, database.name, writers);
      for (let count = 0; count < snapshots; count++) {
        expect(totalIn(await dumpInTinyParts(database))).toBe(accountTotal);
      }
      expect(writing.moves()).toBeGreaterThan(snapshots);
    });

    test("directories of connections that share no snapshot do not", async () => {
      await using server = await startMysql({ flavour });
      await using database = await withMysqlDatabase(server);
      await makeAccounts(server, database.name);
      await using source = await sourceOf(server);
      await using _writing = await withWriters(server, database.name, writers);
      const totals = new Set<number>();
      for (let tries = 0; tries < uncoordinatedTries && totals.size < 2; tries++) {
        totals.add(accountTotal).add(totalIn(await dumpUncoordinated(source, database.name)));
      }
      expect(totals.size).toBe(2);
    });

    test("replaying the binary log from the recorded place gives the source's state", async () => {
      await using server = await startMysql({ flavour });
      await using database = await withMysqlDatabase(server);
      await makeAccounts(server, database.name);
      const writing = await withWriters(server, database.name, writers);
      const backup = await backupToSql(server, database.name).finally(() => writing[Symbol.asyncDispose]());
      const { binlog_file: file, binlog_position: position } = backup.metadata.consistency!;
      await using other = await startMysql({ flavour });
      await using copy = await withMysqlDatabase(other, database.name);
      await loadWithStock(copy, backup.script);
      const { stdout } = await mustMysqlStock("binlog", server, [
        ...(flavour === "mysql-9.7" ? ["--skip-gtids"] : []),
        `--start-position=${position}`,
        join(server.dataDirectory, file!),
      ]);
      // There is no program of 5.6, and that of MariaDB sets a variable that 5.6 does not know.
      const events = stdout.toString("latin1").replaceAll(", @@session.check_constraint_checks=1", "");
      await mustMysqlStock("client", other, ["--binary-mode"], { input: Buffer.from(events, "latin1") });
      expect(await checksums(copy)).toEqual(await checksums(database));
    });
  });
}
