import { describe, expect, test } from "vitest";
import { binaryRows } from "../../../../tests/helpers/compare-with-stock.ts";
import { loadZoo } from "../../../../tests/helpers/load-zoo.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { wholeDatabase } from "../../../ports/dump-selection.ts";
import type { SelectedObjects } from "../select/selected-objects.ts";
import { objectSelection } from "./object-selection.ts";
import { findUnsupportedObjects, refuseUnsupportedObjects, type UnsupportedObjects } from "./unsupported.ts";

const nothingFound: SelectedObjects = {
  schemas: undefined,
  excludedSchemas: new Set(),
  relations: undefined,
  excludedRelations: new Set(),
  excludedData: new Set(),
  extensions: undefined,
  excludedExtensions: new Set(),
  foreignServers: new Set(),
};

const decode = (name: string): string => Buffer.from(name, "latin1").toString();

function refusal(found: UnsupportedObjects): unknown {
  try {
    return refuseUnsupportedObjects(found, decode);
  } catch (error) {
    return error;
  }
}

describe.each([10, 18] as const)("unsupported objects of PostgreSQL %i", (major) => {
  test("there are none in a database of all ordinary objects", async () => {
    await using database = await loadZoo(await sharedServer(major));
    const run = (sql: string) => binaryRows(database, sql);
    expect(await findUnsupportedObjects(run)).toEqual({ count: 0, names: [] });
    expect(refusal({ count: 0, names: [] })).toBeUndefined();
  });

  test("kinds of objects that we do not know are named", async () => {
    await using database = await withDatabase(await sharedServer(major));
    const run = (sql: string) => binaryRows(database, sql);
    // As servers of the future may have them: an object in another catalogue, another kind of type.
    await database.sql(`
      CREATE TYPE "Grüße" AS ENUM ('a');
      UPDATE pg_type SET typtype = 'z' WHERE typname = 'Grüße';
      INSERT INTO pg_depend SELECT 'pg_aggregate'::regclass, 90000 + i, 0, 'pg_namespace'::regclass, 2200, 0, 'n'
        FROM generate_series(1, 30) AS i;
    `);
    const failure = refusal(await findUnsupportedObjects(run));
    expect(failure).toBeInstanceOf(BackupError);
    expect(failure).toMatchObject({
      code: "UNSUPPORTED_OBJECT",
      message: "the database has 31 objects that cannot be backed up yet",
    });
    const { details } = failure as BackupError;
    expect(details).toHaveLength(21);
    expect(details).toContain("pg_aggregate 90001");
    expect(details.at(-1)).toBe("and 11 more");

    const only = async (...schemas: string[]) => {
      const objects = { ...nothingFound, schemas: new Set(schemas) };
      const selection = objectSelection({ ...wholeDatabase, schemas }, objects);
      return (await findUnsupportedObjects(run, selection)).count;
    };
    await database.sql("CREATE SCHEMA other");
    expect([await only("other"), await only("public"), await only("other", "public")]).toEqual([0, 31, 31]);

    await database.sql("DELETE FROM pg_depend WHERE classid = 'pg_aggregate'::regclass");
    expect(refusal(await findUnsupportedObjects(run))).toMatchObject({ details: ['type "Grüße"'] });
  });
});
