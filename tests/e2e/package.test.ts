import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stagePackage } from "../../scripts/stage-package.ts";
import { commands } from "../../src/frontends/cli/commands.ts";
import { mustRun } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

let folder: string;
let installed: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-packed-"));
  await stagePackage(join(folder, "staged"));
  const env = { npm_config_cache: join(folder, "npm-cache"), npm_config_offline: "true" };
  await mustRun("npm", ["pack", join(folder, "staged"), "--silent"], { cwd: folder, env });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  await mustRun("tar", ["-xzf", tarball], { cwd: folder });
  installed = join(folder, "package");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loaded when it is needed. */
function isPart(name: string): boolean {
  return /^dist\/[\w-]+-[0-9a-f]{8}\.mjs$/.test(name);
}

test("the package holds the bundle, the launcher and docs, and no sources, tests or dependencies", () => {
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(installed, name)).isFile(),
  );
  expect(files.filter(isPart).length).toBeGreaterThan(100);
  expect(files.filter((name) => !/^(docs|man)\//.test(name) && !isPart(name)).toSorted()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "bin/dbbackup.cjs",
    "dist/NOTICES.txt",
    "dist/azure-identity.mjs",
    "dist/azure-sdk.mjs",
    "dist/dbbackup.mjs",
    "dist/deflate-worker.mjs",
    "dist/gcs-sdk.mjs",
    "dist/look-worker.mjs",
    "dist/s3-sdk.mjs",
    "dist/sftp-sdk.mjs",
    "dist/supervisor.mjs",
    "dist/tool-guard.mjs",
    "package.json",
  ]);
  expect(files.filter((name) => name.startsWith("man/")).length).toBe(commands.length + 1);
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>;
  for (const field of ["dependencies", "devDependencies", "optionalDependencies", "scripts"]) {
    expect(manifest).not.toHaveProperty(field);
  }
});

test("the licences of all packages that are in it go with it", () => {
  const notices = readFileSync(join(installed, "dist/NOTICES.txt"), "utf8");
  const packages = [/^valibot [\d.]+ \(MIT\)$/m, /^@aws-sdk\/client-s3 [\d.]+ \(Apache-2\.0\)$/m, /^ssh2 [\d.]+ /m];
  for (const name of packages) expect(notices).toMatch(name);
  expect(notices).toContain("Permission is hereby granted");
  expect(notices).toContain("Apache License");
});

test("the program has no character beyond Latin-1: V8 would keep all of a file in two bytes each, and take twice as long", () => {
  // Those of SDKs are loaded by few.
  const ours = readdirSync(join(installed, "dist")).filter((name) => name.endsWith(".mjs"));
  const beyond = ours.filter((name) => /[^\0-\xff]/u.test(readFileSync(join(installed, "dist", name), "utf8")));
  expect(beyond.filter((name) => !/-(?:sdk|identity)\.mjs$/.test(name))).toEqual([]);
});

test("what is packed answers as the checkout does", async () => {
  const [packed, checkout] = await Promise.all([
    mustRun(process.execPath, [join(installed, "bin/dbbackup.cjs"), "--help"], { cwd: folder }),
    mustRun(process.execPath, [join(import.meta.dirname, "../../bin/dbbackup.cjs"), "--help"]),
  ]);
  expect(packed.stdout.toString()).toBe(checkout.stdout.toString());
  expect(packed.stdout.toString()).toContain("list the backups");
});

test.each(["s3-sdk", "azure-sdk", "azure-identity", "gcs-sdk", "sftp-sdk"])(
  "%s can be loaded from the package",
  async (sdk) => {
    const imported = JSON.stringify(join(installed, "dist", `${sdk}.mjs`));
    const script = `import(${imported}).then((sdk) => console.log(Object.keys(sdk).length))`;
    const { stdout } = await mustRun(process.execPath, ["--eval", script]);
    expect(Number(stdout.toString())).toBeGreaterThan(0);
  },
);

test("without the SDKs of services --help is the same and a local backup goes well: they are loaded by whoever needs them", async () => {
  const bare = join(folder, "bare");
  cpSync(installed, bare, { recursive: true });
  const sdks = readdirSync(join(bare, "dist")).filter((name) => /-(sdk|identity)\.mjs$/.test(name));
  expect(sdks).not.toEqual([]);
  for (const name of sdks) rmSync(join(bare, "dist", name));
  const run = (...args: string[]) => mustRun(process.execPath, [join(bare, "bin/dbbackup.cjs"), ...args]);
  expect((await run("--help")).stdout.toString()).toContain("list the backups");
  await using database = await withDatabase(await sharedServer(18));
  const repo = ["--repo", join(folder, "repository")];
  await run("backup", "single", database.name, "--url", database.url, ...repo);
  await run("verify", `latest:${database.name}`, ...repo);
  expect((await run("list", ...repo)).stdout.toString()).toContain(database.name);
});

test("--help of the bundle takes little more CPU time than Node.js itself", async () => {
  const report =
    "process.on('exit', () => { const { user, system } = process.cpuUsage(); process._rawDebug(user + system); })";
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  const cpu = async (...args: string[]): Promise<number> => {
    const imported = ["--import", `data:text/javascript,${encodeURIComponent(report)}`];
    const { stderr } = await mustRun(process.execPath, [...imported, ...args], { env });
    return Number(stderr);
  };
  const [bare, help]: [number[], number[]] = [[], []];
  for (let run = 0; run < 8; run++) {
    bare.push(await cpu("--eval", "0"));
    help.push(await cpu(join(installed, "bin/dbbackup.cjs"), "--help"));
  }
  // A machine may be three times slower than a moment ago: only what was measured beside it says something. The first call
  // fills the compile cache; of the others the quickest was disturbed least. Where Node.js takes 40 ms, we may take 60.
  expect(Math.min(...help.slice(1)) / Math.min(...bare)).toBeLessThan(2.5);
});
