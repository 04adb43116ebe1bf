import { test } from "vitest";
import { expectArrivesAsWithStock } from "../helpers/arrives-as-with-stock.ts";
import { expectSameAsStock } from "../helpers/compare-with-stock.ts";
import { startServer } from "../helpers/postgres-server.ts";
import { runRegressionSuite } from "../helpers/regression-suite.ts";
import { databaseUrl } from "../helpers/test-database.ts";

/** Fewer objects would mean that the suite did not run. */
const LEAST_ENTRIES = 2000;

test("what PostgreSQL's own regression suite leaves behind arrives as it does with stock tools", async () => {
  await using server = await startServer({
    major: 18,
    settings: { max_prepared_transactions: "4", max_locks_per_transaction: "512", max_wal_senders: "4" },
  });
  await runRegressionSuite(server, "regression");
  await expectSameAsStock({ name: "regression", url: databaseUrl(server, "regression"), server });
  await expectArrivesAsWithStock(server, "regression", LEAST_ENTRIES);
});
