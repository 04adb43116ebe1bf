import { chmod, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { type MysqlFlavour, mysqlBinaries } from "../helpers/mysql-packages.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** PATH with the programs of that server before all others. */
export async function pathWith(flavour: MysqlFlavour): Promise<string> {
  const { base, server } = await mysqlBinaries(flavour);
  return [dirname(server), `${base}/bin`, process.env.PATH].join(":");
}

/** The same with the folder of the server alone, as root's `sbin` on PATH: the rest lies beside it. */
async function pathWithServer(flavour: MysqlFlavour): Promise<string> {
  const { server } = await mysqlBinaries(flavour);
  return [dirname(server), process.env.PATH].join(":");
}

/** The server does not run as root, and must get in. */
export async function placeForServers(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await withTemporaryFolder();
  await chmod(folder.path, 0o755);
  return folder;
}

export function demoMysqlSuite(flavours: readonly MysqlFlavour[]): void {
  test.each(flavours)("the demo on %s proves equality, and leaves nothing", async (flavour) => {
    await using folder = await placeForServers();
    const type = flavour.split("-")[0]!;
    const { status, stdout, stderr } = await dbbackup(["demo", "--db-type", type], {
      env: { PATH: await pathWithServer(flavour), TMPDIR: folder.path },
    });
    const lines = stdout.toString().trim().split("\n");
    expect([status, stderr]).toEqual([0, ""]);
    expect(lines.at(-1)).toMatch(/^verdict: the restored database equals the original, row for row/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const steps = lines.flatMap((line) => /^ {2}ok {2}(\w+) /.exec(line)?.[1] ?? []);
    expect(steps).toEqual(["server", "sample", "copy", "backup", "verify", "drop", "restore", "compare"]);
    expect(lines.find((line) => line.includes("ok  sample"))).toMatch(/14 tables, 3\d\d,\d\d\d rows/);
    expect(await readdir(folder.path)).toEqual([]);
  });
}
