import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measured } from "../helpers/measured.ts";
import { plantBackup, plantRecord } from "../helpers/planted-backup.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const backups = 100_000;
const most = 192 << 20;

/** Without their ages, which grow. */
const ids = ({ stdout }: { readonly stdout: string }) => stdout.split("\n").map((line) => line.slice(0, 36));

test.each([
  ["without records of verifications", false],
  ["each verified once", true],
])(
  "100,000 backups are listed, judged and planned for in 192 MiB, without reading their metadata again: %s",
  {
    timeout: 900_000,
  },
  async (_, areVerified) => {
    await using temporary = await withTemporaryFolder();
    const repository = join(temporary.path, "repository");
    mkdirSync(repository);
    const written = new Date("2026-01-01T00:00:00Z");
    const metadata = Array.from({ length: backups }, (__, n) => {
      const planted = plantBackup(repository, `db${n % 20}`, n / 480);
      if (areVerified) plantRecord(repository, planted, n % 10 === 0 ? "restore" : "full", "ok", n / 480);
      const path = join(repository, `${planted.name}.meta.json`);
      utimesSync(path, written, written);
      return path;
    });
    const where = ["--repo", repository, "--config", "none", "--catalogue", join(temporary.path, "c.sqlite")];
    const first = await measured(["list", ...where]);
    // Whoever read one of them now would find no metadata: all is known of what has the same size and time. `status` opens one of each
    // database that has records.
    const opened = areVerified ? 20 : 0;
    for (const path of metadata.slice(opened * 20)) {
      writeFileSync(path, "-".repeat(statSync(path).size));
      utimesSync(path, written, written);
    }
    const second = await measured(["list", ...where]);
    expect(ids(second)).toEqual(ids(first));
    expect(ids(second)).toHaveLength(backups + 2);
    // Without verifications nothing is proved: that is a verdict, and no failure to give one.
    const status = await measured(["status", ...where], [0, 1]);
    expect(status.stdout.match(/^db\d+ /gm)).toHaveLength(20);
    expect(status.stdout.match(/^db\d+ +protected/gm) ?? []).toHaveLength(areVerified ? 2 : 0);
    const plan = await measured(["cleanup", "--dry-run", "--retention-days", "30", ...where]);
    expect(plan.stdout.match(/^(keep|remove) /gm)).toHaveLength(backups);
    for (const [what, { peak, cpuSeconds }] of Object.entries({ second, status, plan })) {
      console.info(`${what}: ${Math.round(peak / (1 << 20))} MiB, ${cpuSeconds.toFixed(1)} s of CPU`);
      expect(peak, what).toBeLessThan(most);
    }
  },
);
