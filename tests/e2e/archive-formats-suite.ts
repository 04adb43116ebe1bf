import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseContents, databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withoutStockFault } from "../helpers/stock-fault.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { zooTolerance } from "../helpers/zoo-tolerance.ts";

/** One way of the zoo through an archive. */
export interface ArchiveWay {
  readonly format: "directory" | "tar";
  readonly from: "ours" | "stock";
  readonly to: "ours" | "stock";
  readonly compression?: "gzip" | "zstd" | "lz4" | "none";
}

/** All ways that make sense for the stock tools of a server, which know zstd and lz4 from 16 on. */
export function allWays(major: PostgresMajor): ArchiveWay[] {
  const tools = stockFor(major).major;
  const compressions = tools >= 16 ? (["gzip", "zstd", "lz4", "none"] as const) : (["gzip", "none"] as const);
  const directories = compressions.map((compression) => ({ format: "directory", compression }) as const);
  return [{ format: "tar" } as const, ...directories].flatMap((kind) => [
    { ...kind, from: "ours", to: "ours" } as const,
    { ...kind, from: "ours", to: "stock" } as const,
    // pg_dump of another major writes for servers of its own.
    ...(tools === major ? [{ ...kind, from: "stock", to: "ours" } as const] : []),
  ]);
}

/** Takes the zoo of one server version through archives in directory and tar format, ours and stock. */
export function describeArchiveFormats(major: PostgresMajor, ways: readonly ArchiveWay[]): void {
  const tools = stockFor(major);

  describe(`directory and tar archives of PostgreSQL ${major}`, () => {
    let server: ServerAddress;
    let zoo: TestDatabase;
    let folder: { readonly path: string } & AsyncDisposable;
    let source: DatabaseContents;

    beforeAll(async () => {
      server = await sharedServer(major);
      zoo = await loadZoo(server);
      folder = await withTemporaryFolder();
      source = await databaseContents(server, zoo.name, zooTolerance);
    });
    afterAll(async () => {
      await zoo?.drop();
      await folder?.[Symbol.asyncDispose]();
    });

    async function write({ from, to, format, compression }: ArchiveWay): Promise<string> {
      const path = join(folder.path, [from, to, format, compression].join("-"));
      if (from === "stock") {
        const method = tools.major >= 16 ? compression : compression === "none" ? "0" : "6";
        const compress = compression === undefined ? [] : [`--compress=${method}`];
        await tools.must("pg_dump", [`--format=${format}`, ...compress, `--file=${path}`, zoo.url]);
        return path;
      }
      const compress = compression === undefined ? [] : ["--compression", compression];
      const how = ["--format", format, ...compress, "--output", path];
      await mustDbbackup(["backup", "single", zoo.name, "--url", zoo.url, ...how]);
      return path;
    }

    async function expectAlike(archive: string, { from }: ArchiveWay): Promise<void> {
      const { stdout } = await mustDbbackup(["verify", archive, "--json"]);
      const [verified] = JSON.parse(stdout.toString());
      const count = Object.keys(source.largeObjects).length;
      expect(verified).toMatchObject({ status: "ok", damage: [], large_objects: { count } });
      if (from === "ours") expect(verified.notes).toEqual([]);
      const ours = await mustDbbackup(["restore", "single", archive, "--create", "--list"]);
      const theirs = await tools.must("pg_restore", ["--create", "--list", archive]);
      expect(listed(ours.stdout)).toEqual(listed(theirs.stdout));
    }

    const named = ways.map((way) => ({ ...way, name: way.compression ?? "none" }));
    test.each(named)("$format, compression $name, from $from to $to", async (way) => {
      const archive = await write(way);
      await using target = await withDatabase(server);
      if (way.to === "stock") {
        const jobs = way.format === "directory" ? ["--jobs=4"] : [];
        const { stderr } = await tools.run("pg_restore", [...jobs, "-d", target.url, archive]);
        expect(withoutStockFault(stderr, major)).toBe("");
      } else await restore(archive, target, way.format === "directory" ? 4 : 1);
      expect(await databaseContents(server, target.name, zooTolerance)).toEqual(source);
      if (way.from !== way.to) await expectAlike(archive, way);
    });
  });
}

function restore(backup: string, target: TestDatabase, jobs: number): Promise<unknown> {
  return mustDbbackup(["restore", "single", backup, `--jobs=${jobs}`, "--target", target.name, "--url", target.url]);
}

/** A listing without the time stamp, which a machine's time zone decides, and the compression: a level before 16. */
function listed(listing: Buffer): string[] {
  return listing
    .toString("latin1")
    .trimEnd()
    .split("\n")
    .filter((line) => !/^; (Archive created at| +Compression:) /.test(line));
}
