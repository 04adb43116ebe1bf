import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

async function json(args: readonly string[]) {
  const { status, stdout } = await dbbackup([...args, "--json"]);
  return { status, document: JSON.parse(stdout.toString()) };
}

/** The files of a repository that anybody sees, joined. */
function visible(repo: string): Buffer {
  const files = readdirSync(repo, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

/** Backups with --encrypt. `whole`: in all formats, and a restore of all that is tampered with, not only of some. */
export function encryptedBackupSuite({ whole }: { readonly whole: boolean }): void {
  const MARK = "agent 4711 is called Ypsilon";
  let folder: string;
  let database: TestDatabase;
  let key: string[];
  const file = (...names: readonly string[]): string => join(folder, ...names);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-encrypted-"));
    database = await withDatabase(await sharedServer(18));
    await database.sql(`
    CREATE TABLE classified (id int PRIMARY KEY, what text NOT NULL);
    INSERT INTO classified SELECT i, '${MARK} ' || i FROM generate_series(1, 50000) i;
    CREATE VIEW hidden_view AS SELECT * FROM classified WHERE id < 10;`);
    key = ["--key-file", newKeyFile(file("backup.key"))];
    newKeyFile(file("other.key"));
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function backup(repo: string, ...args: readonly string[]) {
    const what = ["backup", "single", database.name, "--url", database.url, "--repo", repo, "--encrypt", ...key];
    const { stdout } = await mustDbbackup([...what, ...args, "--json"]);
    return JSON.parse(stdout.toString());
  }

  async function expectSameRows(restored: TestDatabase): Promise<void> {
    const rows =
      "SELECT count(*), md5(string_agg(c::text, ',' ORDER BY id)) FROM classified c, (SELECT count(*) FROM hidden_view) v";
    expect(await restored.sql(rows)).toEqual(await database.sql(rows));
  }

  const formats: [name: string, args: string[], suffix: string, always?: "always"][] = [
    ["custom", ["--format", "custom", "--jobs", "2"], ".dump.enc", "always"],
    ["custom, uncompressed", ["--format", "custom", "--compression", "none"], ".dump.enc"],
    ["plain", ["--format", "plain"], ".sql.enc"],
    ["plain, zstd", ["--format", "plain", "--compression", "zstd"], ".sql.zst.enc", "always"],
    ["tar", ["--format", "tar"], ".tar.enc"],
    ["directory", ["--format", "directory", "--jobs", "2"], ".dir", "always"],
  ];
  test.each(formats.filter(([, , , always]) => whole || always !== undefined))(
    "%s: nothing of it is to be seen, and with the key all of it comes back",
    async (name, args, suffix) => {
      const repo = file(name);
      const made = await backup(repo, ...args);
      expect(made).toMatchObject({ encrypted: true, encryption_algorithm: "AES-256-GCM" });
      expect(made.backup_file.endsWith(suffix)).toBe(true);
      const seen = visible(repo);
      for (const secret of ["Ypsilon", "classified", "hidden_view", "postgres", "127.0.0.1"]) {
        expect(seen.includes(secret), secret).toBe(false);
      }
      const verified = await json(["verify", made.id, "--repo", repo, ...key]);
      expect([verified.status, verified.document[0].status]).toEqual([0, "ok"]);
      expect(verified.document[0].objects).toEqual([expect.objectContaining({ name: "classified", rows: 50_000 })]);
      await using restored = await withDatabase(database.server);
      await mustDbbackup([
        "restore",
        "single",
        made.id,
        "--repo",
        repo,
        "--url",
        restored.url,
        "--target",
        restored.name,
        ...key,
      ]);
      await expectSameRows(restored);
    },
  );

  test("without the key, what is to be known of a backup is little; with it, all", async () => {
    const repo = file("known");
    const { id } = await backup(repo);
    const listed = (await mustDbbackup(["list", "--repo", repo])).stdout.toString();
    expect(listed).toContain("encrypted");
    const shown = (await json(["show", id, "--repo", repo])).document;
    expect(Object.keys(shown).toSorted()).toEqual(
      "artifacts backup_file backup_type database encrypted encryption_algorithm format_version id sealed sequence sha256 size_bytes timestamp version".split(
        " ",
      ),
    );
    const open = (await json(["show", id, "--repo", repo, ...key])).document;
    expect(open).toMatchObject({ id, format: "custom", user: "postgres", objects: [{ name: "classified" }] });
    for (const [keys, message] of [
      [[], "no key was given"],
      [["--key-file", file("other.key")], "no key that was given opens"],
    ] as const) {
      for (const command of [["verify"], ["restore", "single"], ["restore", "single", "--list"]]) {
        const target = command[0] === "restore" ? ["--url", database.url, "--target", "nowhere"] : [];
        const { status, stderr } = await dbbackup([...command, id, "--repo", repo, ...target, ...keys]);
        expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
      }
    }
  });

  test("a key with a backup that is not encrypted, and a key without --encrypt, are refused", async () => {
    const repo = file("in clear");
    const what = ["backup", "single", database.name, "--url", database.url, "--repo", repo];
    await mustDbbackup(what);
    const { status, stderr } = await dbbackup(["verify", `latest:${database.name}`, "--repo", repo, ...key]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("the backup is not encrypted")]);
    const resumable = ["--format", "directory", "--snapshot", "x", "--resumable"];
    for (const args of [key, ["--encrypt"], ["--encrypt", ...key, ...resumable]]) {
      expect((await dbbackup([...what, ...args])).status).toBe(2);
    }
    expect(readdirSync(repo)).toHaveLength(2);
  });

  test("changed, cut, exchanged and faked files are damage, with the place", async () => {
    const repo = file("tampered");
    const uncompressed = ["--compression", "none"];
    const [one, other] = [await backup(repo, ...uncompressed), await backup(repo, ...uncompressed)];
    const path = (made: { backup_file: string }) => join(repo, made.backup_file);
    const metadataPath = (made: { backup_file: string }) => path(made).replace(/\.enc$/, ".meta.json");
    const [stored, metadata] = [readFileSync(path(one)), readFileSync(metadataPath(one), "utf8")];
    const flipped = Buffer.from(stored);
    flipped[300_000]! ^= 4;
    const readable = JSON.parse(metadata);
    const foreign = JSON.parse(readFileSync(metadataPath(other), "utf8"));
    const restore = () => {
      writeFileSync(path(one), stored);
      writeFileSync(metadataPath(one), metadata);
    };
    const attacks: Record<string, [() => void, RegExp]> = {
      "a flipped bit": [() => writeFileSync(path(one), flipped), /was changed in frame 1, at byte 262\d\d\d/],
      "a file cut off": [() => writeFileSync(path(one), stored.subarray(0, -100)), /bytes instead of/],
      "another backup's file": [() => copyFileSync(path(other), path(one)), /exchanged/],
      "another backup's metadata": [() => copyFileSync(metadataPath(other), metadataPath(one)), /\.enc/],
      "a changed time": [
        () => fake({ ...readable, timestamp: "2020-01-01T00:00:00Z" }),
        /"timestamp" is not what was sealed/,
      ],
      "a changed hash": [() => fake({ ...readable, sha256: "0".repeat(64) }), /"sha256" is not what was sealed/],
      "another backup's sealed part": [
        () => fake({ ...readable, sealed: foreign.sealed }),
        /exchanged|is not "manifest"/,
      ],
      "a field that was sealed, in clear": [
        () => fake({ ...readable, user: "mallory" }),
        /"user" is not what was sealed/,
      ],
      "a sealed part that is cut off": [
        () => fake({ ...readable, sealed: readable.sealed.slice(0, -40) }),
        /encrypted file/,
      ],
    };
    function fake(document: Record<string, unknown>): void {
      const { self_sha256: _, ...rest } = document;
      const zeros = JSON.stringify({ ...rest, self_sha256: "0".repeat(64) }, undefined, 2);
      const hash = createHash("sha256").update(`${zeros}\n`).digest("hex");
      writeFileSync(metadataPath(one), `${zeros.replace(`"${"0".repeat(64)}"\n}`, `"${hash}"\n}`)}\n`);
    }
    const restored = new Set(["a flipped bit", "another backup's file", "a changed hash"]);
    for (const [what, [attack, message]] of Object.entries(attacks)) {
      attack();
      const { status, stdout, stderr } = await dbbackup(["verify", path(one), ...key]);
      expect([status, `${stdout}${stderr}`], what).toEqual([4, expect.stringMatching(message)]);
      if (whole || restored.has(what)) {
        await using target = await withDatabase(database.server);
        const into = ["--url", target.url, "--target", target.name, "--progress", "none"];
        expect((await dbbackup(["restore", "single", path(one), ...into, ...key])).status, what).toBe(1);
      }
      restore();
    }
    expect((await dbbackup(["verify", path(one), ...key])).status).toBe(0);
    // A later version may add what this one does not know.
    fake({ ...readable, added_later: 1 });
    expect((await dbbackup(["verify", path(one), ...key])).status).toBe(0);
  });

  test("a backup that goes to standard output is an encrypted file, for decrypt and for restore", async () => {
    const what = ["backup", "single", database.name, "--url", database.url, "--encrypt", ...key, "--output"];
    writeFileSync(file("piped.enc"), (await mustDbbackup([...what, "-"])).stdout);
    const { stdout } = await mustDbbackup(["decrypt", file("piped.enc"), ...key, "--output", "-"]);
    expect(stdout.subarray(0, 5).toString()).toBe("PGDMP");
    await mustDbbackup([...what, file("named.bin")]);
    for (const name of ["piped.enc", "named.bin"]) {
      await using restored = await withDatabase(database.server);
      await mustDbbackup(["restore", "single", file(name), "--url", restored.url, "--target", restored.name, ...key]);
      await expectSameRows(restored);
    }
    await using piped = await withDatabase(database.server);
    const into = ["restore", "single", "-", "--url", piped.url, "--target", piped.name];
    const input = readFileSync(file("piped.enc"));
    await mustDbbackup([...into, ...key], { input });
    await expectSameRows(piped);
    const cut = await dbbackup([...into, "--confirm", "--clean", ...key], { input: input.subarray(0, -50) });
    expect([cut.status, cut.stderr]).toEqual([1, expect.stringContaining("encrypted file")]);
    expect((await dbbackup(["compare", database.url, file("named.bin"), ...key])).status).toBe(0);
    expect((await dbbackup(["compare", database.url, database.url, ...key])).status).toBe(2);
  });

  test("files of a folder that are changed, exchanged, missing or not encrypted are damage", async () => {
    const repo = file("tampered folder");
    const made = await backup(repo, "--format", "directory", "--compression", "none");
    const madeIn = join(repo, made.backup_file);
    const data = readdirSync(madeIn).find((name) => name.endsWith(".dat.enc") && name !== "toc.dat.enc")!;
    const stored = readFileSync(join(madeIn, data));
    const toc = readFileSync(join(madeIn, "toc.dat.enc"));
    const flipped = Buffer.from(stored);
    flipped[1_000_000]! ^= 1;
    const attacks: Record<string, () => void> = {
      flipped: () => writeFileSync(join(madeIn, data), flipped),
      exchanged: () => writeFileSync(join(madeIn, data), toc),
      "in clear": () => writeFileSync(join(madeIn, data), "1\tone\n\\.\n"),
      missing: () => rmSync(join(madeIn, data)),
    };
    for (const [what, attack] of Object.entries(attacks)) {
      attack();
      const { status, stdout } = await dbbackup(["verify", made.id, "--repo", repo, ...key]);
      expect([status, stdout.toString()], what).toEqual([4, expect.stringContaining(data)]);
      if (whole || what === "exchanged") {
        await using target = await withDatabase(database.server);
        const into = ["--url", target.url, "--target", target.name];
        expect((await dbbackup(["restore", "single", made.id, "--repo", repo, ...into, ...key])).status, what).toBe(1);
      }
      writeFileSync(join(madeIn, data), stored);
    }
    expect((await dbbackup(["verify", made.id, "--repo", repo, ...key])).status).toBe(0);
  });

  test("a script of MariaDB, encrypted and compressed", async () => {
    await using shop = await withMysqlShop(await sharedMysql("mariadb-10.11"));
    await using copy = await withMysqlDatabase(shop.server);
    const repo = file("mariadb");
    const login = ["--url", shop.url];
    const what = [
      "backup",
      "single",
      shop.name,
      ...login,
      "--repo",
      repo,
      "--encrypt",
      "--compression",
      "zstd",
      ...key,
    ];
    const { id } = JSON.parse((await mustDbbackup([...what, "--json"])).stdout.toString());
    expect(visible(repo).includes("customers")).toBe(false);
    await mustDbbackup(["verify", id, "--repo", repo, ...key]);
    await mustDbbackup(["restore", "single", id, "--repo", repo, ...login, "--target", copy.name, ...key]);
    expect((await dbbackup(["compare", shop.url, copy.url])).status).toBe(0);
  });
}
