import { describe, expect, test } from "vitest";
import { binaryRows } from "../../../../tests/helpers/compare-with-stock.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../tests/helpers/test-roles.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { readNotIncluded } from "./not-included.ts";

describe.each([10, 18] as const)("what a backup of a database of PostgreSQL %i leaves out", (major) => {
  test("is counted and named", async () => {
    const server = await sharedServer(major);
    await using roles = await withRoles(server, ["not_included_role", " first of all"]);
    await using other = await withDatabase(server);
    await using database = await withDatabase(server);
    const run = (sql: string) => binaryRows(database, sql);
    const slot = `slot_${database.name}`;
    await database.sql(`
      ALTER ROLE ${roles.quoted[0]} SET work_mem = '1MB';
      CREATE TABLE t AS SELECT 1 AS a; ANALYZE t;
      ${major < 12 ? "CREATE TABLE with_oids (a int) WITH OIDS;" : ""}
      CREATE PUBLICATION p FOR TABLE t;
      CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = NONE);
      SELECT pg_replication_origin_create('origin_${database.name}');
    `);
    try {
      await database.sql(`SELECT pg_create_physical_replication_slot('${slot}')`);
      const found = await readNotIncluded(run, capabilitiesOf(major * 10_000), { databaseItself: false });
      const byKind = new Map(found.map((item) => [item.kind, item]));
      expect(byKind.get("roles")?.count).toBeGreaterThanOrEqual(2);
      expect(byKind.get("roles")?.examples[0]).toBe(" first of all");
      expect(byKind.get("roles")?.examples.length).toBeLessThanOrEqual(5);
      expect(byKind.get("role-settings")?.examples).toContain("not_included_role");
      expect(byKind.get("databases")?.count).toBeGreaterThanOrEqual(1);
      // A superuser's backup holds them.
      expect(byKind.has("subscriptions")).toBe(false);
      expect(byKind.get("replication-slots")).toMatchObject({ count: 1, examples: [slot] });
      expect(byKind.get("replication-origins")?.count).toBeGreaterThanOrEqual(1);
      expect(byKind.get("planner-statistics")).toMatchObject({ count: 1, examples: ["t"] });
      expect(byKind.get("server-settings")?.count).toBeGreaterThan(0);
      expect(byKind.get("row-oids")?.examples).toEqual(major < 12 ? ["with_oids"] : undefined);
      expect(byKind.has("unlogged-data")).toBe(false);
      expect(byKind.has("prepared-transactions")).toBe(false);
      expect(found.every((item) => item.hint !== "" && item.examples.length > 0)).toBe(true);
      expect(other.name).not.toBe(database.name);
    } finally {
      await database.sql("DROP SUBSCRIPTION s");
      await database.sql(`SELECT pg_replication_origin_drop('origin_${database.name}')`);
      await database.sql(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      );
    }
  });
});
