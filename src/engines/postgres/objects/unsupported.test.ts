import { describe, expect, test } from "vitest";
import { binaryRows } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { findUnsupportedObjects, refuseUnsupportedObjects } from "./unsupported.ts";

const decode = (name: string): string => Buffer.from(name, "latin1").toString();

describe.each([10, 18] as const)("unsupported objects of PostgreSQL %i", (major) => {
  test("are all found and named; members of extensions and system objects are not", async () => {
    await using database = await withDatabase(await sharedServer(major));
    await database.sql("CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw");
    await database.sql("CREATE TYPE with_multirange_and_cast AS RANGE (subtype = float8)");
    const run = (sql: string) => binaryRows(database, sql);
    expect(await findUnsupportedObjects(run)).toEqual({ count: 0, names: [] });
    await refuseUnsupportedObjects(run, String);

    await database.sql(`CREATE SCHEMA "Sch"; CREATE FOREIGN TABLE "Sch"."Grüße" (a integer) SERVER s`);
    const failure = await refuseUnsupportedObjects(run, decode).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BackupError);
    expect(failure).toMatchObject({
      code: "UNSUPPORTED_OBJECT",
      message: "the database has an object that cannot be backed up yet",
      details: ['foreign table "Sch"."Grüße"'],
    });

    await database.sql(
      "DO $$ BEGIN FOR i IN 1..30 LOOP EXECUTE format('CREATE FOREIGN TABLE f%s () SERVER s', i); END LOOP; END $$",
    );
    const many = await findUnsupportedObjects(run);
    expect(many.count).toBe(31);
    expect(many.names).toHaveLength(20);
  });
});
