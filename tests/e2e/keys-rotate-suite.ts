import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

async function verify(what: string, repo: string, keys: readonly string[]) {
  const { status, stdout, stderr } = await dbbackup(["verify", what, "--repo", repo, ...keys]);
  return { status, text: `${stdout}${stderr}` };
}

const keyFilesIn = (repo: string): string[] =>
  readdirSync(repo, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes(".keys-"))
    .toSorted();

/** `keys rotate`. `whole`: of a file as well as of a folder, and every attack on key files and headers. */
export function keysRotateSuite({ whole }: { readonly whole: boolean }): void {
  let folder: string;
  let database: TestDatabase;
  const file = (...names: readonly string[]): string => join(folder, ...names);
  const key = (name: string): string[] => ["--key-file", file(name)];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-rotate-"));
    database = await withDatabase(await sharedServer(18));
    await database.sql(
      "CREATE TABLE t (id int PRIMARY KEY, what text); INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 3000) i",
    );
    for (const name of ["a", "b", "c"]) newKeyFile(file(name));
    writeFileSync(file("passphrase"), "a new one that is long\n", { mode: 0o600 });
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function backup(repo: string, ...args: readonly string[]): Promise<{ id: string; backup_file: string }> {
    const what = ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--encrypt", ...key("a")];
    return JSON.parse((await mustDbbackup([...what, ...args, "--json"])).stdout.toString());
  }

  test.each(whole ? ["custom", "directory"] : ["directory"])(
    "%s: new keys open it, old ones still do, and no stored byte changes",
    async (format) => {
      const repo = file(`rotated ${format}`);
      const { id, backup_file } = await backup(repo, "--format", format);
      const stored = () =>
        readdirSync(repo, { recursive: true, encoding: "utf8" })
          .filter((name) => name !== backup_file || format === "custom")
          .filter((name) => !name.includes(".keys-"))
          .map((name) => [name, readFileSync(join(repo, name)).toString("base64")]);
      const before = stored();
      const rotate = ["keys", "rotate", id, "--repo", repo, ...key("a"), "--new-key-file", file("b")];
      rotate.push("--new-passphrase-file", file("passphrase"));
      const told = (await mustDbbackup(rotate)).stdout.toString();
      expect(told).toContain("does not revoke");
      expect(stored()).toEqual(before);
      const files = format === "custom" ? 2 : before.length;
      expect(keyFilesIn(repo)).toHaveLength(files);
      for (const keys of [key("a"), key("b"), ["--passphrase-file", file("passphrase")]]) {
        expect(await verify(id, repo, keys)).toMatchObject({ status: 0 });
      }
      expect(await verify(id, repo, key("c"))).toMatchObject({ status: 1 });
      await using restored = await withDatabase(database.server);
      const into = ["--url", restored.url, "--target", restored.name];
      await mustDbbackup(["restore", "single", id, "--repo", repo, ...into, ...key("b")]);
      expect(await restored.sql("SELECT count(*) FROM t")).toEqual(await database.sql("SELECT count(*) FROM t"));
      // Again: nothing is left to do. And one more change, with the keys of the first.
      expect((await mustDbbackup(rotate)).stdout.toString()).toContain("has these keys already");
      expect(keyFilesIn(repo)).toHaveLength(files);
      await mustDbbackup(["keys", "rotate", join(repo, backup_file), ...key("b"), "--new-key-file", file("c")]);
      expect(keyFilesIn(repo)).toHaveLength(2 * files);
      expect(await verify(id, repo, key("c"))).toMatchObject({ status: 0 });
    },
  );

  test("what a run that was killed left is gone on with", async () => {
    const repo = file("interrupted");
    const { id, backup_file } = await backup(repo, "--format", "directory");
    const rotate = ["keys", "rotate", "--all", "--repo", repo, ...key("a"), "--new-key-file", file("b")];
    await mustDbbackup(rotate);
    const all = keyFilesIn(repo);
    rmSync(join(repo, all.find((name) => name.includes("meta.json"))!));
    rmSync(join(repo, all.find((name) => name.includes("toc.dat"))!));
    // The metadata come last: until then it is the old key that opens the backup.
    expect(await verify(id, repo, key("b"))).toMatchObject({
      status: 1,
      text: expect.stringContaining("no key that was given"),
    });
    expect(await verify(id, repo, key("a"))).toMatchObject({ status: 0 });
    const [outcome] = JSON.parse((await mustDbbackup([...rotate, "--json"])).stdout.toString());
    expect(outcome).toMatchObject({ status: "ok", rotated: 2, unchanged: all.length - 2 });
    expect(await verify(join(repo, backup_file), repo, key("b"))).toMatchObject({ status: 0 });
  });

  test("changed, cut and exchanged key files are damage; the file is read with the old key, and with older key files", async () => {
    const repo = file("hostile");
    const [one, other] = [await backup(repo), await backup(repo)];
    await mustDbbackup(["keys", "rotate", "--all", "--repo", repo, ...key("a"), "--new-key-file", file("b")]);
    await mustDbbackup(["keys", "rotate", "--all", "--repo", repo, ...key("b"), "--new-key-file", file("c")]);
    const path = (made: { backup_file: string }, last: boolean) => {
      const found = keyFilesIn(repo).filter((name) => name.startsWith(`${made.backup_file}.keys-`));
      const epochs = found.map((name) => [readFileSync(join(repo, name)).readBigUInt64BE(57), name] as const);
      return join(repo, epochs.find(([epoch]) => epoch === (last ? 2n : 1n))![1]);
    };
    const [target, older] = [path(one, true), path(one, false)];
    const original = readFileSync(target);
    const changed = (at: number, value: number) => {
      const bytes = Buffer.from(original);
      bytes[at] = value;
      writeFileSync(target, bytes);
    };
    const attacks: Record<string, () => void> = {
      "no key file": () => writeFileSync(target, "hello"),
      "cut off": () => writeFileSync(target, original.subarray(0, -5)),
      "longer than it says": () => writeFileSync(target, Buffer.concat([original, Buffer.alloc(9)])),
      "a huge length": () => changed(65, 0x7f),
      "another version": () => changed(8, 9),
      "another epoch": () => changed(57, 0xff),
      "a wrapped key": () => changed(100, original[100]! ^ 1),
      "a wrong MAC": () => changed(original.length - 1, original.at(-1)! ^ 1),
      "of another file": () => copyFileSync(path(other, true), target),
      "with another's name in it": () => changed(10, original[10]! ^ 1),
      "of 10 MB": () => writeFileSync(target, Buffer.alloc(10_000_000, original)),
    };
    const always = new Set([
      "no key file",
      "cut off",
      "a huge length",
      "a wrapped key",
      "a wrong MAC",
      "of another file",
    ]);
    const chosen = Object.entries(attacks).filter(([what]) => whole || always.has(what));
    for (const [what, attack] of chosen) {
      attack();
      for (const name of what === "cut off" ? ["a", "b"] : ["b"]) {
        const { status, text } = await verify(one.id, repo, key(name));
        expect([status, text], `${what}, key ${name}`).toEqual([4, expect.stringContaining(target.split("/").at(-1)!)]);
      }
      if (whole || what === "no key file" || what === "of another file") {
        const listed = ["restore", "single", one.id, "--list", "--repo", repo, ...key("a")];
        expect((await dbbackup(listed)).status, what).toBe(0);
      }
      writeFileSync(target, original);
    }
    for (const name of ["a", "b", "c"]) expect(await verify(one.id, repo, key(name))).toMatchObject({ status: 0 });
    // An older one in the place of a newer one is genuine; it gives what it gave before.
    copyFileSync(older, target);
    expect(await verify(one.id, repo, key("b"))).toMatchObject({ status: 0 });
  });

  test("a header that is damaged is damage, and what it stands before can be restored by what the metadata recorded", async () => {
    const repo = file("header");
    const { id, backup_file } = await backup(repo);
    const stored = readFileSync(join(repo, backup_file));
    const [places, restored] = whole
      ? [
          [0, 12, 20, 70, 100, 131, 140, 200],
          [0, 12, 20],
        ]
      : [[0, 20, 100, 200], [20]];
    for (const at of places) {
      const damaged = Buffer.from(stored);
      damaged[at]! ^= 0x5a;
      writeFileSync(join(repo, backup_file), damaged);
      const { status, text } = await verify(id, repo, key("a"));
      expect([status, text], `byte ${at}`).toEqual([4, expect.stringContaining("has a header that was changed")]);
      if (!restored.includes(at)) continue;
      await using target = await withDatabase(database.server);
      const into = ["--url", target.url, "--target", target.name];
      const { stderr } = await mustDbbackup(["restore", "single", id, "--repo", repo, ...into, ...key("a")]);
      expect(stderr).toContain("has a header that was changed");
      expect(await target.sql("SELECT count(*) FROM t")).toEqual(await database.sql("SELECT count(*) FROM t"));
    }
  });

  test("files that encrypt made get new keys, too", async () => {
    writeFileSync(file("plain"), "plain text");
    await mustDbbackup(["encrypt", file("plain"), ...key("a")]);
    await mustDbbackup(["keys", "rotate", file("plain.enc"), ...key("a"), "--new-key-file", file("b")]);
    const { stdout } = await mustDbbackup(["decrypt", file("plain.enc"), ...key("b"), "--output", "-"]);
    expect(stdout.toString()).toBe("plain text");
    const [listed] = JSON.parse((await mustDbbackup(["keys", "list", file("plain.enc"), "--json"])).stdout.toString());
    expect(listed.key_files).toEqual([expect.objectContaining({ epoch: 1, recipients: [expect.anything()] })]);
  });

  test("what contradicts itself is refused", async () => {
    const repo = file("refused");
    await mustDbbackup(["backup", "single", database.name, "--url", database.url, "--repo", repo]);
    const rotate = ["keys", "rotate", "--repo", repo];
    const renewed = ["--new-key-file", file("b")];
    for (const args of [
      [...key("a"), ...renewed],
      [`latest:${database.name}`, "--all", ...key("a"), ...renewed],
    ]) {
      expect((await dbbackup([...rotate, ...args])).status).toBe(2);
    }
    expect((await dbbackup([...rotate, "--all", ...key("a")])).status).toBe(2);
    expect((await dbbackup([...rotate, "--all", ...renewed])).status).toBe(2);
    const plain = await dbbackup([...rotate, `latest:${database.name}`, ...key("a"), ...renewed]);
    expect([plain.status, plain.stderr]).toEqual([1, expect.stringContaining("the backup is not encrypted")]);
  });
}
