import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { killedInUpload, repositorySuite } from "../helpers/repository-suite.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { requireRoot, withSmallDisk } from "../helpers/small-disk.ts";
import { mustRunSsh, type SshServer, startSshServer, withSshAgent } from "../helpers/ssh-server.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Backups on a server of SFTP. @param isFull the longer half of the tests, or the usual ones */
export function sftpRepositorySuite(isFull: boolean): void {
  let server: SshServer;
  let database: TestDatabase;
  let folder: string;
  /** Nothing of the user who runs the tests. */
  let env: Record<string, string | undefined>;
  let variables: Disposable;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-sftp-repository-"));
    env = { HOME: folder, SSH_AUTH_SOCK: undefined };
    variables = withVariables(env);
    server = await startSshServer();
    database = await withDatabase(await sharedServer(18));
    // Larger than the first part of an upload, as it is stored.
    await database.sql(`
    CREATE TABLE blobs (id int PRIMARY KEY, hash text NOT NULL, half text);
    INSERT INTO blobs SELECT i, encode(sha256(i::text::bytea), 'hex'), md5(i::text) FROM generate_series(1, 120000) i;
    CREATE TABLE words (word text);
    INSERT INTO words VALUES ('one'), ('two');`);
  });
  afterAll(async () => {
    variables[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  function filesThere(name: string): string[] {
    const there = join(server.folder, name);
    if (!existsSync(there)) return [];
    return readdirSync(there, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(there.length + 1));
  }

  /** Records of runs are written under such names, too, but are small. */
  const uploads = async (prefix: string): Promise<string[]> =>
    filesThere(prefix).filter((name) => {
      const found = isUpload(name) && statSync(join(server.folder, prefix, name), { throwIfNoEntry: false });
      return found && found.size > 1 << 20;
    });

  if (!isFull) {
    repositorySuite("a server of SFTP", () => ({
      database,
      env,
      url: (prefix) => server.url(prefix),
      objects: async (prefix) => filesThere(prefix).filter((name) => !isUpload(name)),
      uploads,
      beginning: async (prefix, name) => (await readFile(join(server.folder, prefix, name))).subarray(0, 8),
    }));
  }

  function backupOf(repo: string, ...args: readonly string[]): string[] {
    return ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--json", ...args];
  }

  async function backup(repo: string, ...args: readonly string[]) {
    return JSON.parse((await mustDbbackupHere(backupOf(repo, ...args))).stdout.toString());
  }

  /** Makes a folder of the server's user. */
  function folderThere(name: string, mode = 0o755): string {
    const path = join(server.folder, name);
    mkdirSync(path);
    if (server.uid !== undefined) chownSync(path, server.uid, server.uid);
    chmodSync(path, mode);
    return path;
  }

  async function expectRestored(id: string, repo: string, ...args: readonly string[]): Promise<void> {
    await using restored = await withDatabase(database.server);
    const target = ["--url", restored.url, "--target", restored.name];
    await mustDbbackupHere(["restore", "single", id, "--repo", repo, ...target, ...args]);
    const { stdout } = await mustDbbackupHere(["compare", database.url, restored.url, "--json"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ equal: true });
  }

  async function tell(url: string, command = backupOf(url)) {
    const { status, stderr } = await dbbackupHere(command);
    return { status, stderr };
  }

  if (isFull) longTests();
  else usualTests();

  function usualTests(): void {
    test("a backup is the same one for whoever reads the folder there", async () => {
      const made = await backup(server.url("same"), "--format", "directory", "--jobs", "2", "--table", "words");
      await expectVerified(made.id, join(server.folder, "same"));
    });

    test("what a killed run leaves is removed by the next one over SFTP, and by none in the folder itself", async () => {
      const repo = server.url("killed");
      const there = join(server.folder, "killed");
      const slowly = ["--compression", "none", "--max-rate", "8MB", "--jobs", "1"];
      await killedInUpload({ env, uploads }, "killed", backupOf(repo, ...slowly));
      expect(readdirSync(there)).toEqual([expect.stringMatching(/^\.tmp-/)]);
      const local = await backup(there, "--schema-only");
      await mustDbbackupHere(["cleanup", "--repo", there]);
      expect(readdirSync(there)).toContainEqual(expect.stringMatching(/^\.tmp-/));
      // The same HOME: where it left its lock.
      const made = await backup(repo, "--schema-only");
      const all = [local, made].flatMap(({ backup_file }) => [backup_file, `${backup_file}.meta.json`]);
      expect(readdirSync(there).toSorted()).toEqual(all.toSorted());
    });

    test("a folder that the user there may not read keeps nobody from a clean-up", async () => {
      const there = folderThere("with-closed");
      const closed = join(there, "a_full_20260101T000000Z.dir");
      mkdirSync(closed);
      writeFileSync(join(closed, "toc.dat.enc.keys-20260102T030405Z-0a1b2c3d"), "as it was left");
      chmodSync(closed, 0o000);
      const { stdout } = await mustDbbackupHere(["cleanup", "--repo", server.url("with-closed"), "--json"]);
      expect(JSON.parse(stdout.toString())).toMatchObject({ stranded: [], objects: [] });
      expect(readdirSync(there)).toEqual(["a_full_20260101T000000Z.dir"]);
      chmodSync(closed, 0o700);
    });

    test("hosts and users that are not known, and what is not there or may not be written", async () => {
      const none = join(folder, "none");
      writeFileSync(none, "# nobody\n");
      const unknown = await tell(server.url("x", { "known-hosts": none }));
      expect(unknown).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/not known: .*ssh-ed25519 SHA256:.*\n.*ssh-keyscan/s),
      });

      await mustRunSsh("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "false")]);
      const [type, falseKey] = (await readFile(join(folder, "false.pub"), "utf8")).split(" ");
      const [, , trueKey] = (await readFile(server.knownHosts, "utf8")).split(" ");
      const name = `[127.0.0.1]:${server.port}`;
      for (const [line, message] of [
        [`${name} ${type} ${falseKey}`, "another key than the one that is known of it"],
        [`@revoked * ${type} ${trueKey}\n${name} ${type} ${trueKey}`, "is revoked"],
        [`@cert-authority * ${type} ${falseKey}`, "certificates of hosts are not supported"],
      ] as const) {
        const file = join(folder, "some");
        writeFileSync(file, `${line}\n`);
        expect(await tell(server.url("x", { "known-hosts": file }))).toMatchObject({
          status: 1,
          stderr: expect.stringContaining(message),
        });
      }
      // As ssh writes names with HashKnownHosts.
      writeFileSync(join(folder, "hashed"), `${name} ${type} ${trueKey}\n`);
      await mustRunSsh("ssh-keygen", ["-q", "-H", "-f", join(folder, "hashed")]);
      await backup(server.url("hashed", { "known-hosts": join(folder, "hashed") }), "--schema-only");

      const wrongKey = await tell(server.url("x", { identity: server.otherIdentity }));
      expect(wrongKey).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`did not accept user "${server.user}"`),
      });
      const wrongUser = await tell(server.url("x").replace(`//${server.user}@`, "//nobody-like-it@"));
      expect(wrongUser).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('did not accept user "nobody-like-it"'),
      });

      folderThere("closed", 0o555);
      const closed = await tell(server.url("closed"));
      expect(closed).toMatchObject({ status: 1, stderr: expect.stringContaining("permission denied") });
      const nowhere = await tell("", ["list", "--repo", server.url("nowhere")]);
      expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringContaining("no such file or folder") });
      expect(readdirSync(server.folder)).not.toContain("x");

      await using careless = await startSshServer({ without: ["fsync@openssh.com"] });
      const unsafe = await tell(careless.url("x"));
      expect(unsafe).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/cannot bring files to its disk.*fsync=false/s),
      });
      await backup(careless.url("x", { fsync: "false" }), "--schema-only");
    });

    test.each([
      ["sftp://user:pass@host/x", "passwords do not belong into URLs"],
      ["sftp://host/x?colour=blue", '"colour" is no parameter'],
      ["sftp://host/x?identity=a&identity=b", "stands in it twice"],
      ["sftp://host/x?connect-timeout=soon", '"connect-timeout" is a number'],
      ["sftp://host/a/b%2f..%2f..", "its path cannot be used"],
      ["sftp://host/a/../b", '".." have no meaning'],
      ["sftp://host", "it names no folder"],
    ])("%s is refused before anything is asked", async (url, message) => {
      const { status, stderr } = await dbbackupHere(["list", "--repo", url]);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("pass@");
      expect(status).toBe(2);
    });

    test("limits hold for repositories that URLs name, and are refused for folders", async () => {
      const limits = ["--bandwidth-limit", "1G", "--max-connections", "1"];
      const repo = server.url("limited");
      const made = await backup(repo, "--format", "directory", "--jobs", "2", "--compression", "none", ...limits);
      const { stderr } = await mustDbbackupHere(["verify", made.id, "--repo", repo, ...limits, "--verbose"]);
      const [, bytes] = /repository: read: \d+ requests, 0 failed, (\d+) bytes/.exec(stderr) ?? [];
      const sizes: number[] = made.artifacts.map(({ size }: { size: number }) => size);
      expect(Number(bytes)).toBeGreaterThanOrEqual(sizes.reduce((sum, size) => sum + size, 0));
      // Named by its own URL, too.
      await mustDbbackupHere(["verify", repo.replace("?", `/${made.backup_file}?`)]);
      for (const flag of ["--bandwidth-limit=1M", "--max-connections=3"]) {
        const refused = await dbbackupHere(backupOf(join(folder, "none-like-it"), flag));
        expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("that URLs name")]);
      }
      const limit = { env: { ...env, DBBACKUP_BANDWIDTH_LIMIT: "1M" } };
      const quiet = await dbbackup(["list", "--repo", join(server.folder, "limited")], limit);
      expect(quiet).toMatchObject({ status: 0, stderr: "" });
    });

    test("preflight tries a folder on a server, and leaves nothing there", async () => {
      folderThere("tried");
      const { status, stdout } = await dbbackupHere(["preflight", "--repo", server.url("tried"), "--json"]);
      const { checks, repository } = JSON.parse(stdout.toString());
      expect(checks.filter((check: { status: string }) => check.status !== "ok")).toEqual([]);
      expect([status, repository.left]).toEqual([0, []]);
      expect(readdirSync(join(server.folder, "tried"), { recursive: true })).toEqual([]);
    });
  }

  function longTests(): void {
    test("a directory goes to a server, and is the same one for whoever reads the folder there", async () => {
      const repo = server.url("directory");
      const made = await backup(repo, "--format", "directory", "--jobs", "2");
      await expectVerified(made.id, join(server.folder, "directory"));
      await expectRestored(`latest:${database.name}`, repo);
    });

    test("what was backed up in a folder is read from there, encrypted too", async () => {
      const there = join(folder, "local");
      const key = ["--key-file", newKeyFile(join(folder, "backup.key"))];
      const made = await backup(there, "--encrypt", ...key);
      const served = folderThere("served");
      for (const name of readdirSync(there)) {
        copyFileSync(join(there, name), join(served, name));
        if (server.uid !== undefined) chownSync(join(served, name), server.uid, server.uid);
      }
      // By its absolute path, too.
      await expectRestored(made.id, server.url(served), ...key);
      const again = await backup(server.url("served"), "--encrypt", ...key);
      const bytes = await readFile(join(served, again.artifacts[0].name));
      expect(bytes.subarray(0, 8).toString()).toBe("DBBKENC1");
      await mustDbbackupHere(["verify", again.id, "--repo", served, ...key]);
    });

    test("keys of an agent, of the home folder, and encrypted ones", async () => {
      const home = mkdtempSync(join(folder, "home-"));
      mkdirSync(join(home, ".ssh"));
      copyFileSync(server.knownHosts, join(home, ".ssh", "known_hosts"));
      const repo = `sftp://${server.user}@127.0.0.1:${server.port}/~/keys`;
      await backup(server.url("keys"));
      const list = (more: Record<string, string>, url = repo) =>
        dbbackup(["list", "--repo", url], { env: { ...env, HOME: home, ...more } });
      const refused = await list({});
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("did not accept user")]);

      await using agent = await withSshAgent(server.identity);
      expect(await list({ SSH_AUTH_SOCK: agent.socket })).toMatchObject({ status: 0 });

      const key = join(home, ".ssh", "id_ed25519");
      copyFileSync(server.identity, key);
      chmodSync(key, 0o600);
      expect(await list({})).toMatchObject({ status: 0 });
      await mustRunSsh("ssh-keygen", ["-q", "-p", "-N", "our secret", "-f", key]);
      const locked = await list({});
      expect([locked.status, locked.stderr]).toEqual([1, expect.stringContaining("was not tried")]);
      const opened = await list({ DBBACKUP_SFTP_KEY_PASSPHRASE: "our secret" });
      expect(opened).toMatchObject({ status: 0, stderr: "" });
      writeFileSync(join(home, "passphrase"), "our secret\n", { mode: 0o600 });
      expect(await list({}, `${repo}?identity=~/.ssh/id_ed25519&passphrase-file=~/passphrase`)).toMatchObject({
        status: 0,
      });
      const wrong = await list({ DBBACKUP_SFTP_KEY_PASSPHRASE: "another" }, `${repo}?identity=~/.ssh/id_ed25519`);
      expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("the private key cannot be used")]);
      chmodSync(join(home, "passphrase"), 0o644);
      const open = await list({}, `${repo}?passphrase-file=~/passphrase`);
      expect([open.status, open.stderr]).toEqual([2, expect.stringContaining("others than its owner can read it")]);
      for (const { stderr } of [refused, locked, opened, wrong, open])
        expect(stderr).not.toMatch(/our secret|another\b.*pass/);
    });

    test("a full disk is told of, and nothing is left on it", async (context) => {
      requireRoot(context);
      const there = folderThere("small");
      await using _ = await withSmallDisk(there, `6m,uid=${server.uid},mode=0700`);
      // Of the program itself: its end closes the connection, by which the server holds files there.
      const { status, stderr } = await dbbackup(backupOf(server.url("small"), "--compression", "none"), { env });
      expect(stderr).toContain("no space left on the server's device");
      expect(status).toBe(1);
      expect(readdirSync(there)).toEqual([]);
    });
  }
}

function isUpload(name: string): boolean {
  return name.startsWith(".tmp-") && name.includes("/new-");
}

async function expectVerified(id: string, repo: string): Promise<void> {
  const listed = JSON.parse((await mustDbbackupHere(["list", "--repo", repo, "--json"])).stdout.toString());
  expect(listed).toEqual([expect.objectContaining({ id })]);
  const verified = await mustDbbackupHere(["verify", id, "--repo", repo, "--json"]);
  expect(JSON.parse(verified.stdout.toString())[0]).toMatchObject({ status: "ok" });
}
