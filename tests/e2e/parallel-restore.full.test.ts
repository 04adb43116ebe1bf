import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPostgresRestorer } from "../../src/engines/postgres/postgres-restorer.ts";
import { openTemporarySpool } from "../../src/storage/local/temporary-spool.ts";
import { codec } from "../helpers/codec.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { keptEvents, never, restoreRequest } from "../helpers/restore-request.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const runs = Number(process.env.DBBACKUP_TEST_RUNS ?? 200);

test(`${runs} restores of the zoo over four sessions never meet in a deadlock`, async () => {
  // Of its own: what other tests do to shared servers would be in the log too.
  await using server = await startServer({ major: 18, settings: { deadlock_timeout: "20ms" } });
  await using folder = await withTemporaryFolder();
  await using zoo = await loadZoo(server);
  const archive = join(folder.path, "zoo.dump");
  await stock(18).must("pg_dump", ["-Fc", "-f", archive, "-d", zoo.url]);
  const restorer = createPostgresRestorer({ codec, openSpool: openTemporarySpool });
  const object = memoryObject(await readFile(archive));
  for (let run = 0; run < runs; run++) {
    await using target = await withDatabase(server);
    const backup = await restorer.open({ kind: "object", object }, {});
    const request = restoreRequest(server, target.name, { jobs: { count: 4, isAsked: true } });
    const result = await backup.run(request, keptEvents(), never);
    expect(result).toMatchObject({ failed: 0, warnings: [] });
  }
  // The restore tries a statement that met another in a deadlock again: the server tells whether there was any.
  expect(await server.sql("SELECT sum(deadlocks) AS n FROM pg_stat_database")).toEqual([{ n: "0" }]);
  expect(await server.logText()).not.toMatch(/deadlock detected/);
});
