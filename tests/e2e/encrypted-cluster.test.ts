import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { logsIn } from "../helpers/mysql-accounts.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { startMysql } from "../helpers/mysql-server.ts";
import { withMysqlShop } from "../helpers/mysql-shop.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let one: TestDatabase;
let other: TestDatabase;
let key: string[];
const file = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-encrypted-cluster-"));
  const server = await sharedServer(18);
  [one, other] = [await withDatabase(server), await withDatabase(server)];
  await one.sql(
    "CREATE TABLE classified AS SELECT i AS id, 'agent Ypsilon ' || i AS what FROM generate_series(1, 2000) i",
  );
  await other.sql("CREATE TABLE hidden_too AS SELECT 'Ypsilon' AS what");
  key = ["--key-file", newKeyFile(file("a.key"))];
  newKeyFile(file("b.key"));
});
afterAll(async () => {
  await one.drop();
  await other.drop();
  rmSync(folder, { recursive: true });
});

async function backup(repo: string, ...args: readonly string[]) {
  const chosen = ["--database", one.name, "--database", other.name];
  const what = ["backup", "cluster", "--url", one.url, "--repo", repo, "--encrypt", ...key, ...chosen, ...args];
  return JSON.parse((await mustDbbackup([...what, "--json"])).stdout.toString());
}

function visible(repo: string): Buffer {
  const files = readdirSync(repo, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

const count = "SELECT count(*), md5(string_agg(what, ',' ORDER BY id)) FROM classified";

test.each(["custom", "directory"])(
  "nothing of a cluster is to be seen; with the key it is verified and restored: format %s",
  async (format) => {
    const repo = file(`repo-${format}`);
    const made = await backup(repo, "--format", format);
    expect(made).toMatchObject({ encrypted: true, scope: "cluster", encryption_algorithm: "AES-256-GCM" });
    const seen = visible(repo);
    for (const secret of ["Ypsilon", "classified", "hidden_too", "CREATE ROLE", "postgres", "127.0.0.1"]) {
      expect(seen.includes(secret), secret).toBe(false);
    }
    const into = ["--url", other.url, "--repo", repo, "--database", one.name, "--clean", "--confirm"];
    expect((await dbbackup(["verify", made.id, "--repo", repo])).status).toBe(1);
    expect((await dbbackup(["restore", "cluster", made.id, ...into])).status).toBe(1);
    const [verified] = JSON.parse(
      (await mustDbbackup(["verify", made.id, "--repo", repo, ...key, "--json"])).stdout.toString(),
    );
    expect(verified).toMatchObject({ status: "ok", databases: 2, damage: [] });
    const before = await one.sql(count);
    await mustDbbackup(["restore", "cluster", made.id, ...into, "--dry-run", ...key]);
    await one.sql("DROP TABLE classified");
    await mustDbbackup(["restore", "cluster", made.id, ...into, ...key]);
    expect(await one.sql(count)).toEqual(before);
    // Each database in it is a backup of its own, if it is one file.
    if (format === "directory") return;
    await using copy = await withDatabase(one.server);
    const archive = join(repo, made.databases.find(({ name }: { name: string }) => name === one.name).artifact);
    await mustDbbackup(["restore", "single", archive, "--url", one.url, "--target", copy.name, ...key]);
    expect(await copy.sql(count)).toEqual(before);
  },
);

test("a cluster's files that are changed, exchanged or in clear are damage", async () => {
  const repo = file("tampered");
  const { id, backup_file: name } = await backup(repo);
  const names = readdirSync(join(repo, name)).toSorted();
  const stored = new Map(names.map((each) => [each, readFileSync(join(repo, name, each))]));
  const [first, second] = names.filter((each) => each.endsWith(".dump.enc"));
  const write = (each: string, bytes: Uint8Array) => writeFileSync(join(repo, name, each), bytes);
  const flipped = (each: string, at: number) => {
    const bytes = Buffer.from(stored.get(each)!);
    bytes.writeUInt8(bytes[at]! ^ 1, at);
    return bytes;
  };
  const described = first!.replace(/\.enc$/, ".meta.json");
  const attacks: Record<string, () => void> = {
    "globals changed": () => write("globals.sql.enc", flipped("globals.sql.enc", 300)),
    "globals in clear": () => write("globals.sql.enc", Buffer.from("CREATE ROLE mallory SUPERUSER;\n")),
    "an archive changed": () => write(first!, flipped(first!, 1000)),
    "archives exchanged": () => write(first!, stored.get(second!)!),
    "metadata exchanged": () => write(described, stored.get(second!.replace(/\.enc$/, ".meta.json"))!),
    "metadata in clear": () => write(described, Buffer.from("{}")),
  };
  for (const [what, attack] of Object.entries(attacks)) {
    attack();
    expect((await dbbackup(["verify", id, "--repo", repo, ...key])).status, what).toBe(4);
    for (const [each, bytes] of stored) write(each, bytes);
  }
  await mustDbbackup(["verify", id, "--repo", repo, ...key]);
});

test("keys of a cluster are changed, those of the databases in it as well", async () => {
  const repo = file("rotated");
  const { id, backup_file: name } = await backup(repo);
  await mustDbbackup(["keys", "rotate", id, "--repo", repo, ...key, "--new-key-file", file("b.key")]);
  await mustDbbackup(["verify", id, "--repo", repo, "--key-file", file("b.key")]);
  const archive = readdirSync(join(repo, name)).find((each) => each.endsWith(".dump.enc"))!;
  await mustDbbackup(["verify", join(repo, name, archive), "--key-file", file("b.key")]);
  const inFiles = await backup(repo, "--format", "directory");
  await mustDbbackup(["keys", "rotate", inFiles.id, "--repo", repo, ...key, "--new-key-file", file("b.key")]);
  await mustDbbackup(["verify", inFiles.id, "--repo", repo, "--key-file", file("b.key")]);
});

test("the script of a cluster goes out encrypted, and comes back with the key", async () => {
  const what = ["backup", "cluster", "--url", one.url, "--database", one.name, "--format", "plain", "--output", "-"];
  writeFileSync(file("all.sql.enc"), (await mustDbbackup([...what, "--encrypt", ...key])).stdout);
  const { stdout } = await mustDbbackup(["decrypt", file("all.sql.enc"), ...key, "--output", "-"]);
  expect(stdout.includes("Ypsilon")).toBe(true);
  const before = await one.sql(count);
  await one.sql("UPDATE classified SET what = ''");
  const restore = ["restore", "cluster", file("all.sql.enc"), "--url", other.url, "--database", one.name];
  await mustDbbackup([...restore, "--clean", "--confirm", ...key]);
  expect(await one.sql(count)).toEqual(before);
});

test("a server of MariaDB, encrypted, comes back on another with its accounts", async () => {
  await using source = await startMysql({ flavour: "mariadb-10.11" });
  await using shop = await withMysqlShop(source);
  await source.sql("CREATE USER agent@'%' IDENTIFIED BY 'Ypsilon''s'");
  await source.sql(`GRANT SELECT ON ${shop.name}.* TO agent@'%'`);
  const repo = file("mariadb");
  const what = ["backup", "cluster", "--url", source.url(), "--repo", repo, "--encrypt", ...key, "--no-defaults"];
  const { id, backup_file: name } = JSON.parse((await mustDbbackup([...what, "--json"])).stdout.toString());
  const seen = visible(repo);
  for (const secret of ["customers", "agent", "CREATE USER", "mysql_native_password", "127.0.0.1"]) {
    expect(seen.includes(secret), secret).toBe(false);
  }
  expect((await dbbackup(["verify", id, "--repo", repo])).status).toBe(1);
  await mustDbbackup(["verify", id, "--repo", repo, ...key]);
  await using target = await startMysql({ flavour: "mariadb-10.11" });
  const where = ["--db-type=mysql", "--socket", target.socket, "--user=root", "--no-defaults"];
  const restore = ["restore", "cluster", id, "--repo", repo, ...where];
  expect((await dbbackup(restore)).status).toBe(1);
  expect((await dbbackup([...restore, "--key-file", file("b.key")])).status).toBe(1);
  expect(await target.sql("SELECT user FROM mysql.user WHERE user = 'agent'")).toEqual([]);
  await mustDbbackup([...restore, ...key]);
  expect((await dbbackup(["compare", shop.url, target.url(shop.name)])).status).toBe(0);
  expect(await logsIn(target, { user: "agent", password: "Ypsilon's" })).toBe(true);
  // One database of it is a backup of its own.
  const archive = readdirSync(join(repo, name)).find(
    (each) => each.endsWith(".sql.enc") && !each.startsWith("globals"),
  )!;
  await using copy = await withMysqlDatabase(target);
  const into = ["--url", target.url(), "--target", copy.name];
  await mustDbbackup(["restore", "single", join(repo, name, archive), ...into, ...key]);
  expect((await dbbackup(["compare", shop.url, copy.url])).status).toBe(0);
});

test("verify --restore of what is encrypted says where it would lie in clear, and keeps the result to itself", async () => {
  const repo = file("proved");
  const made = await backup(repo);
  const verify = ["verify", "--restore", "--repo", repo, ...key];
  const refused = await dbbackup([...verify, made.id]);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("--plain-scratch")]);
  const [document] = JSON.parse(
    (await mustDbbackup([...verify, made.id, "--server", other.url, "--json"])).stdout.toString(),
  );
  expect(document).toMatchObject({ status: "ok", counts: { tables: 2, rows: 2001 } });
  const stored = JSON.parse(readFileSync(document.file, "utf8"));
  expect(stored).toMatchObject({ status: "ok", counts: {}, damage: [], notes: [], checks: [] });
  const archive = join(repo, made.databases[0].artifact);
  const check = "SELECT 'Ypsilon'";
  const proved = await dbbackup([...verify, archive, "--plain-scratch", "--check", check, "--json"]);
  expect(proved.status).toBe(4);
  const [{ checks, file: result }] = JSON.parse(proved.stdout.toString());
  expect(checks[0].rows).toEqual(["(Ypsilon)"]);
  expect(readFileSync(result, "utf8")).not.toContain("Ypsilon");
});
