import { describe, expect, test } from "vitest";
import { binaryRows } from "../../../../tests/helpers/compare-with-stock.ts";
import { defaultMajors } from "../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { findUnsupportedObjects, refuseUnsupportedObjects } from "./unsupported.ts";

describe.each(defaultMajors)("unsupported objects of PostgreSQL %i", (major) => {
  test("are all found and named; members of extensions and system objects are not", async () => {
    await using database = await withDatabase(await sharedServer(major));
    await database.sql("CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw; CREATE TABLE t (a integer, b integer)");
    await database.sql("CREATE TYPE with_multirange_and_cast AS RANGE (subtype = float8)");
    const run = (sql: string) => binaryRows(database, sql);
    expect(await findUnsupportedObjects(run)).toEqual({ count: 0, names: [] });
    await refuseUnsupportedObjects(run, String);

    await database.sql(`
      CREATE SCHEMA "Sch";
      CREATE COLLATION "Sch"."Grüße" (LOCALE = 'C');
    `);
    const failure = await refuseUnsupportedObjects(run, (name) => Buffer.from(name, "latin1").toString()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(BackupError);
    expect(failure).toMatchObject({
      code: "UNSUPPORTED_OBJECT",
      message: "the database has an object that cannot be backed up yet",
      details: ['collation "Sch"."Grüße"'],
    });
  });
});
