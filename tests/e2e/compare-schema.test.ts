import { describe, expect, test } from "vitest";
import { compareTestDatabases, loadShopInto } from "../helpers/compare-test-databases.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { mutations } from "./schema-mutations.ts";

describe.each([13, 18] as const)("schemas of PostgreSQL %i", (major) => {
  test("equal schemas are equal; each of many changes is found and named, and nothing else", async () => {
    const server = await sharedServer(major);
    await using left = await withDatabase(server);
    await using right = await withDatabase(server);
    await Promise.all([left, right].map((database) => loadShopInto(database, { withRows: false })));
    const before = await compareTestDatabases(left, right);
    expect(before.schemaDifferences).toEqual([]);
    expect(before).toMatchObject({ equal: true, dataDifferences: [] });
    expect(before.objectsCompared).toBeGreaterThan(600);

    const made = mutations.filter(({ since = 10 }) => since <= major);
    for (const { sql } of made) await right.sql(sql);
    const after = await compareTestDatabases(left, right, { schemaOnly: true });
    const found = new Set(after.schemaDifferences.map(({ object, aspect }) => `${object}: ${aspect}`));
    expect(after.equal).toBe(false);
    expect(made.map(({ object, aspect }) => `${object}: ${aspect}`).filter((fact) => !found.has(fact))).toEqual([]);
    const expected = (object: string): boolean =>
      made.some((one) => one.object === object || one.consequences?.test(object) === true);
    expect(after.schemaDifferences.filter(({ object }) => !expected(object))).toEqual([]);
  });
});
