import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { expect, test } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import { postgresFinder } from "../../src/engines/postgres/local/find-postgres.ts";
import { runCli } from "../../src/frontends/cli/run-cli.ts";
import { createServices } from "../../src/main/services.ts";
import type { Services } from "../../src/ports/services.ts";
import { dbbackupHere, keptVariables, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { mustRun, runProgram } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";
import { initRights } from "./init-rights-suite.ts";

const stopped = new BackupError({ code: "INTERRUPTED", message: "stopped by the test" });
const program = join(import.meta.dirname, "../../bin/dbbackup.cjs");

async function withItems(): Promise<TestDatabase> {
  const database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE item AS SELECT i AS id, 'item ' || i AS name FROM generate_series(1, 1000) i");
  return database;
}

/** Flags that answer every question but for the proof. */
function answers(folder: string, database: TestDatabase): string[] {
  const places = ["--repo", join(folder, "deep/er/backups"), "--key-file", join(folder, "k.key")];
  const url = databaseUrl(database.server, "postgres");
  return ["init", database.name, "--url", url, ...places, "--write-config", join(folder, "c.toml"), "--no-input"];
}

test("from nothing to an encrypted backup that was restored for proof, and a configuration that works", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withItems();
  const done = await mustDbbackupHere([...answers(folder.path, database), "--json", "--progress", "none"]);
  expect(done.stderr).toContain("nowhere else");
  const result = JSON.parse(done.stdout.toString());
  expect(result).toMatchObject({
    database: database.name,
    proof: { status: "ok", counts: { tables: 1, rows: 1000 } },
    backup: { encrypted: true, format: "custom" },
  });
  expect(statSync(join(folder.path, "k.key")).mode & 0o077).toBe(0);
  expect(statSync(join(folder.path, "c.toml")).mode & 0o077).toBe(0);
  const config = ["--config", join(folder.path, "c.toml")];
  await mustDbbackupHere(["config", "check", join(folder.path, "c.toml")]);
  await mustDbbackupHere(["backup", "single", database.name, ...config]);
  const listed = await mustDbbackupHere(["list", "--json", ...config]);
  expect(JSON.parse(listed.stdout.toString())).toHaveLength(2);
  expect((await dbbackupHere(["cleanup", "--dry-run", ...config])).status).toBe(0);

  // A second run writes nothing over.
  const before = readFileSync(join(folder.path, "c.toml"), "utf8");
  const again = await dbbackupHere(answers(folder.path, database));
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("stays as it is")]);
  expect(readFileSync(join(folder.path, "c.toml"), "utf8")).toBe(before);
});

test("without an answer, a terminal or a server it says so, and makes nothing", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withItems();
  await using _ = await withDatabase(database.server);
  const [, , ...rest] = answers(folder.path, database);
  const several = await dbbackupHere(["init", ...rest]);
  expect([several.status, several.stderr]).toEqual([2, expect.stringContaining("which database is to be backed up")]);
  expect(several.stderr).toContain(database.name);
  const nobody = await dbbackupHere(["init", database.name, "--url", database.url]);
  expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining("no terminal")]);
  const missing = await dbbackupHere(["init", "nosuch", ...rest]);
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('no database "nosuch"')]);
  const dry = await mustDbbackupHere([...answers(folder.path, database), "--dry-run"]);
  expect(dry.stdout.toString()).toMatch(/GRANT pg_read_all_data TO dbbackup;[\s\S]*1\. make a key: [\s\S]*4\. write /);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("servers are found by the settings and service files of their clients", async () => {
  await using folder = await withTemporaryFolder();
  const { port } = await sharedServer(18);
  const service = join(folder.path, "services.conf");
  writeFileSync(
    service,
    `# of tests\n[here]\nhost=127.0.0.1\nport=${port}\nuser=postgres\n[nowhere]\nhost=127.0.0.1\nport=1\n`,
  );
  using _ = withVariables({ PGSERVICEFILE: service, PGHOST: "127.0.0.1", PGPORT: `${port}`, PGUSER: "postgres" });
  const found = await postgresFinder.candidates(process.env);
  expect(found.slice(0, 3)).toEqual([
    { title: "as PGHOST, PGPORT say", connection: { dbType: "postgres" } },
    { title: `service "here" of ${service}`, connection: { dbType: "postgres", url: "service=here" } },
    { title: `service "nowhere" of ${service}`, connection: { dbType: "postgres", url: "service=nowhere" } },
  ]);
  for (const { connection } of found.slice(0, 2)) {
    const server = await postgresFinder.list(connection, new AbortController().signal);
    expect(server).toMatchObject({ major: 18, user: "postgres", address: `127.0.0.1:${port}` });
  }
});

initRights({ majors: [18], flavours: ["mariadb-10.11"] });

test("what fails or is interrupted while it works leaves nothing", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withItems();
  const args = answers(folder.path, database);
  const failing = await dbbackupHere([...args, "--ssl-mode", "disable", "--password-file", join(folder.path, "none")]);
  expect(failing.status).not.toBe(0);
  expect(readdirSync(folder.path)).toEqual([]);

  // Who may log in, and read nothing.
  const role = `nobody_${database.name}`;
  await database.sql(`CREATE ROLE ${role} LOGIN`);
  const denied = await dbbackupHere([...args, "--user", role]);
  expect([denied.status, denied.stderr]).toEqual([1, expect.stringContaining("permission denied")]);
  expect(readdirSync(folder.path)).toEqual([]);
  await database.sql(`DROP ROLE ${role}`);

  const stop = new AbortController();
  const whenProved: Services = {
    ...createServices(),
    startThrowawayServer: () => {
      stop.abort(stopped);
      return Promise.reject(stopped);
    },
  };
  expect(await runWith(args, whenProved, stop)).toBe(130);
  expect(readdirSync(folder.path)).toEqual([]);

  const late = new AbortController();
  const services = createServices();
  const whenConfigured: Services = {
    ...services,
    openOutput: async (path, kind) => {
      if (path.endsWith(".toml")) late.abort(stopped);
      return await services.openOutput(path, kind);
    },
  };
  expect(await runWith([...args, "--no-proof"], whenConfigured, late)).toBe(130);
  expect(readdirSync(folder.path)).toEqual([]);
});

function nowhere(): Writable {
  return new Writable({ write: (_, __, done) => done() });
}

async function runWith(args: readonly string[], services: Services, { signal }: AbortController): Promise<number> {
  const stderr = Object.assign(nowhere(), { isTTY: false }) as Writable as WriteStream;
  using _ = keptVariables();
  return await runCli({ args, environment: {}, stdout: nowhere(), stderr, signal, services });
}

/** Drives the program on a terminal of its own: answers, then what was shown and how it ended. */
const terminal = `
import json, os, pty, select, sys, time
args, answers, cwd = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.chdir(cwd)
    os.execvp(args[0], args)
shown, asked, ended = b"", 0, time.time() + 100
while time.time() < ended:
    if select.select([fd], [], [], 0.05)[0]:
        try: piece = os.read(fd, 65536)
        except OSError: break
        if not piece: break
        shown += piece
    if shown.count(b"] ") > asked and asked < len(answers):
        os.write(fd, answers[asked].encode())
        asked += 1
_, status = os.waitpid(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), shown.decode()]))
`;

async function onTerminal(args: readonly string[], typed: readonly string[], cwd: string): Promise<[number, string]> {
  const words = [process.execPath, program, ...args];
  const { stdout } = await mustRun("python3", ["-c", terminal, JSON.stringify([words, typed, cwd])]);
  return JSON.parse(stdout.toString());
}

test("Enter answers every question; Ctrl-C at any of them leaves no trace", async ({ skip }) => {
  if ((await runProgram("python3", ["--version"]).catch(() => undefined)) === undefined) {
    console.warn("SKIPPED: python3 is not on this machine, and no terminal was tried");
    skip();
  }
  await using folder = await withTemporaryFolder();
  await using database = await withItems();
  mkdirSync(join(folder.path, "work"));
  const cwd = join(folder.path, "work");
  const args = ["init", database.name, "--url", databaseUrl(database.server, "postgres")];
  for (const before of [0, 3]) {
    const [status, shown] = await onTerminal(args, [...Array.from({ length: before }, () => "\r"), "\u0003"], cwd);
    expect([status, shown]).toEqual([130, expect.stringContaining("interrupted")]);
    expect(readdirSync(cwd)).toEqual([]);
  }
  const [status, shown] = await onTerminal(args, ["\r", "none\r", "n\r", "\r"], cwd);
  expect([status, shown]).toEqual([0, expect.stringContaining("from now on: dbbackup backup single")]);
  expect(readdirSync(cwd).toSorted()).toEqual(["backups", "dbbackup.toml"]);
});
