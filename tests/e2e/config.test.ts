import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ExitStatus } from "../../src/core/exit-status.ts";
import { configKeys } from "../../src/frontends/cli/config/config-keys.ts";
import { configSchema } from "../../src/frontends/cli/config/config-schema.ts";
import { parseConfig } from "../../src/frontends/cli/config/parse-config.ts";
import { valuesFromConfig } from "../../src/frontends/cli/config/values-from-config.ts";
import { options } from "../../src/frontends/cli/options/options.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

async function values(text: string, profile?: string, environment: Record<string, string> = {}) {
  return (await parseConfig({ path: "x.toml", text }, profile, environment)).values;
}

async function refusal(text: string, profile?: string): Promise<string> {
  try {
    await values(text, profile);
  } catch (error) {
    const { code, message, hint = "" } = error as { code: string; message: string; hint?: string };
    return `${code}: ${message}; ${hint}`;
  }
  throw new Error("it was taken");
}

describe("precedence", () => {
  test("flag, then environment, then file, then default", async () => {
    await using folder = await withTemporaryFolder();
    const repos = ["file", "variable", "flag"].map((name) => join(folder.path, name));
    for (const repo of repos) {
      mkdirSync(repo);
      plantBackup(repo, repo.slice(folder.path.length + 1), 1);
    }
    const config = join(folder.path, "c.toml");
    writeFileSync(config, `[repository]\nurl = "${repos[0]}"\n[output]\njson = true\n[backup]\nformat = "plain"\n`);
    const databaseOf = async (...args: readonly string[]): Promise<string> =>
      JSON.parse((await mustDbbackupHere(["list", "--config", config, ...args])).stdout.toString())[0].database;
    expect(await databaseOf()).toBe("file");
    using _ = withVariables({ DBBACKUP_REPO: repos[1]! });
    expect(await databaseOf()).toBe("variable");
    expect(await databaseOf("--repo", repos[2]!)).toBe("flag");
  });

  test("a server that a flag names gets nothing that the file says of another one", async () => {
    const text = '[source]\nhost = "db1"\nport = 6000\nuser = "u"\npassword = { env = "P" }\nssl_mode = "require"\n';
    const config = await parseConfig({ path: "x.toml", text }, undefined, { P: "secret" });
    expect(valuesFromConfig(config, options, {})).toEqual({
      host: "db1",
      port: 6000,
      user: "u",
      password: "secret",
      "ssl-mode": "require",
    });
    for (const other of [{ url: "postgres://other/" }, { host: "db2" }, { socket: "/run" }]) {
      expect(valuesFromConfig(config, options, other)).toEqual({ "ssl-mode": "require" });
    }
    expect(valuesFromConfig(config, options, { port: 1 })).toMatchObject({ host: "db1", user: "u" });
  });

  test("what contradicts a flag gives way; a file that contradicts itself is refused", async () => {
    const config = await parseConfig({ path: "x.toml", text: "[output]\nquiet = true\n" }, undefined, {});
    expect(valuesFromConfig(config, options, { verbose: true })).toEqual({});
    const both = await parseConfig({ path: "x.toml", text: "[output]\nquiet = true\nverbose = true\n" }, undefined, {});
    expect(() => valuesFromConfig(both, options, {})).toThrow('both "quiet" and "verbose", which contradict');
  });

  test("profiles go before the file's sections, and name another server whole", async () => {
    const text = `[source]\nurl = "postgres://a@db1/"\npassword = { file = "/p" }\n[general]\njobs = 2\n
      [profiles.two.source]\nhost = "db2"\n[profiles.two.general]\njobs = 3\n[[profiles.two.replicas]]\nurl = "/r"\n`;
    expect(await values(text)).toEqual({ url: "postgres://a@db1/", "password-file": "/p", jobs: 2 });
    expect(await values(text, "two")).toEqual({ host: "db2", jobs: 3, replica: ["/r"] });
    const passwords = `[source]\nhost = "db1"\npassword = { vault = "kv:secret/db1#pw" }\n
      [profiles.two.source]\npassword = { file = "/p" }\n`;
    expect(await values(passwords)).toEqual({ host: "db1", "password-vault": "kv:secret/db1#pw" });
    expect(await values(passwords, "two")).toEqual({ host: "db1", "password-file": "/p" });
    expect(await refusal(text, "three")).toBe(
      'CONFIG: the configuration file cannot be used: there is no profile "three"; it has two',
    );
  });
});

describe("what is wrong is named, with what was likely meant", () => {
  test.each([
    ["[repositry]\nurl = '/x'", 'section "repositry" means nothing; did you mean "repository"?'],
    ["[repository]\nurll = '/x'", '"repository.urll" means nothing; did you mean "url"?'],
    ["url = '/x'", 'section "url" means nothing'],
    ["[profiles.a.sourse]\nhost = 'x'", 'section "profiles.a.sourse" means nothing; did you mean "source"?'],
    ["[profiles.a.source]\nhosst = 'x'", '"profiles.a.source.hosst" means nothing; did you mean "host"?'],
    ["[repository]\nurl = /x", "line 2, column 7"],
    ["[general]\njobs = 'many'", '"general.jobs" has the wrong value "many"; use a whole number from 1'],
    ["[general]\njobs = 1.5", '"general.jobs" has the wrong value "1.5"'],
    ["[output]\nquiet = 'yes'", '"output.quiet" is neither true nor false'],
    ["[backup]\nformat = 'custm'", 'did you mean "custom"?'],
    ["[backup]\nformat = 2020-01-01", '"backup.format" is neither a text nor a number'],
    ["[backup]\nformat = { env = 'NOT_SET' }", 'the environment variable "NOT_SET", which is not set'],
    ["repository = '/x'", '"repository" is no table; write [repository]'],
    ["[source]\npassword = 'hunter2'", '"source.password" is a secret in the clear; write { file ='],
    ["[source]\npassword = { file = '/x', env = 'Y' }", "says not where the password is"],
    ["[source]\npassword = { vault = 'transit:key' }", '"source.password" names no secret of Vault: "transit:key"'],
    ["[[replicas]]\nname = 'x'", '"replicas.name" means nothing; there is url'],
    ["[[replicas]]", 'one of "replicas" has no url'],
    ["[retention.databases]\nshop = 3", '"retention.databases.shop" is no table'],
    [
      "[retention.databases.shop]\nkeep_lst = 3",
      '"retention.databases.shop.keep_lst" means nothing; did you mean "keep_last"?',
    ],
    ["[notifications]", 'section "notifications" is not built yet'],
  ])("%s", async (text, message) => {
    const said = await refusal(text);
    expect(said).toContain(`CONFIG: the configuration file cannot be used: `);
    expect(said).toContain(message);
    expect(said).not.toContain("hunter2");
  });

  test("a file that others may write, that is not there, or is no file", async () => {
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "c.toml");
    writeFileSync(path, "");
    chmodSync(path, 0o622);
    for (const [file, message] of [
      [path, "others may write it"],
      [join(folder.path, "missing.toml"), "there is no such configuration file"],
      [folder.path, "it is no file of at most 1 MiB"],
    ] as const) {
      const { status, stderr } = await dbbackupHere(["list", "--config", file]);
      expect([status, stderr]).toEqual([ExitStatus.usage, expect.stringContaining(message)]);
    }
  });
});

test("it is looked for beside the command, and in the user's folder", async () => {
  await using folder = await withTemporaryFolder();
  const [repo, home] = [join(folder.path, "repo"), join(folder.path, "home")];
  mkdirSync(join(home, "dbbackup"), { recursive: true });
  mkdirSync(repo);
  plantBackup(repo, "shop", 1);
  const run = { cwd: folder.path, env: { XDG_CONFIG_HOME: home } };
  const list = async (...args: readonly string[]) => (await mustDbbackup(["list", ...args], run)).stdout.toString();
  writeFileSync(join(home, "dbbackup", "dbbackup.toml"), `[repository]\nurl = "${repo}"\n`);
  expect(await list()).toContain("shop");
  writeFileSync(join(folder.path, "dbbackup.toml"), '[repository]\nurl = "repo"\n[output]\njson = true\n');
  expect(JSON.parse(await list())).toMatchObject([{ database: "shop" }]);
  expect(await list("--config", join(home, "dbbackup", "dbbackup.toml"))).toContain("DATABASE");
});

test("each finished backup is copied into the replicas of the file, and not when it goes to a file of its own", async () => {
  await using folder = await withTemporaryFolder();
  await using database = await withDatabase(await sharedServer(18));
  const [repo, ...replicas] = ["repo", "one", "two"].map((name) => join(folder.path, name));
  const config = join(folder.path, "c.toml");
  const tables = replicas.map((url) => `[[replicas]]\nurl = "${url}"\n`).join("");
  writeFileSync(config, `[source]\nurl = "${database.url}"\n[repository]\nurl = "${repo}"\n${tables}`);
  const args = ["backup", "single", database.name, "--config", config, "--json"];
  const made = JSON.parse((await mustDbbackupHere(args)).stdout.toString());
  for (const place of [repo!, ...replicas]) {
    const listed = await mustDbbackupHere(["list", "--repo", place, "--config", "none", "--json"]);
    expect(JSON.parse(listed.stdout.toString())).toMatchObject([{ id: made.id }]);
  }
  await mustDbbackupHere([...args, "--output", join(folder.path, "x.dump")]);
  expect(readdirSync(replicas[0]!)).toHaveLength(2);
});

describe("config check", () => {
  test("prints what commands take, and no secret", async () => {
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "c.toml");
    writeFileSync(
      path,
      '[source]\nhost = "db1"\npassword = { env = "CHECKED_PASSWORD" }\n[retention.databases.shop]\ndays = 3\n[profiles.a.general]\njobs = 2\n',
    );
    using _ = withVariables({ CHECKED_PASSWORD: "hunter2" });
    const plain = (await mustDbbackupHere(["config", "check", path])).stdout.toString();
    expect(plain).toMatch(
      /--host +db1\n--password +\(not shown\)\nretention of shop: --retention-days 3\n.*c\.toml is right: 2 values; profiles: a\n$/,
    );
    const json = (await mustDbbackupHere(["config", "check", path, "--profile", "a", "--json"])).stdout.toString();
    expect(JSON.parse(json)).toMatchObject({ profile: "a", profiles: ["a"], values: { host: "db1", jobs: 2 } });
    expect(plain + json).not.toContain("hunter2");
  });

  test("tells every mistake, each with what to do", async () => {
    await using folder = await withTemporaryFolder();
    const path = join(folder.path, "c.toml");
    writeFileSync(
      path,
      '[source]\nhost = "db1"\npasswort = "hunter2"\nport = "many"\n[retention.databases.shop]\ndais = 3\n[backups]\n[profiles.a]\ngeneral = 1\n[profiles.a.source]\npassword = "hunter2"\n[[replicas]]\nurl = ""\n',
    );
    const { status, stderr } = await dbbackupHere(["config", "check", path]);
    expect(status).toBe(ExitStatus.usage);
    expect(stderr.replaceAll(path, "c.toml")).toMatchInlineSnapshot(`
      "dbbackup: error: the configuration file cannot be used: 7 things are wrong
        object: c.toml
        "source.passwort" means nothing; did you mean "password"?
        "source.port" has the wrong value "many"; use a whole number from 1 to 65535
        "retention.databases.shop.dais" means nothing; did you mean "days"?
        section "backups" means nothing; did you mean "backup"?
        "replicas.url" is empty; write [[replicas]], and url = "..." below
        "profiles.a.general" is no table; write [profiles.a.general], and its keys below
        "profiles.a.source.password" is a secret in the clear; write { file = "PATH" }, which only you can read, { env = "NAME" }, or { vault = "kv:MOUNT/PATH#FIELD" }
      hint: correct each, or leave it out
      "
    `);
    expect(stderr).not.toContain("hunter2");
  });

  test("takes the examples of docs/configuration.md", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
    const examples = [...page.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, text]) => text!);
    const [, , policies] = examples;
    expect(examples).toHaveLength(3);
    for (const text of examples.slice(0, 2)) {
      expect(Object.keys(await values(text, undefined, { SHOP_PASSWORD: "x" }))).toContain("repo");
    }
    const judged = await parseConfig({ path: "x.toml", text: policies! }, undefined, {});
    expect(judged).toMatchObject({ values: { "max-age": 26 * 3600, "max-proof-age": 35 * 86_400 } });
    expect(judged.databaseRules.policies).toEqual(new Map([["archive", { "max-age": 8 * 86_400 }]]));
    const retention = readFileSync(join(import.meta.dirname, "../../docs/retention.md"), "utf8");
    const [, rules] = /```toml\n([\s\S]*?)```/.exec(retention)!;
    const { databaseRules } = await parseConfig({ path: "x.toml", text: rules! }, undefined, {});
    expect(databaseRules.retention).toEqual(new Map([["ledger", { "keep-daily": 31, "keep-monthly": 120 }]]));
    expect(await values(examples[1]!, "blog", { SHOP_PASSWORD: "x" })).toMatchObject({ "keep-daily": 7 });
  });
});

test("config migrate makes a file of an old one that commands read, and tells what it leaves out", async () => {
  await using folder = await withTemporaryFolder();
  const old = join(folder.path, ".dbbackup.conf");
  writeFileSync(
    old,
    `# dbbackup configuration\n[database]\ntype = postgres\nhost = db1\nport = 5433\nuser = backup\ndatabase = shop\nssl_mode = require\npassword = hunter2\n
[engine]\nnative_engine = true\nfallback_tools = true\n
[backup]\nbackup_dir = /var/backups\ncompression = 6\njobs = 8\ndump_jobs = 3\nauto_detect_compression = false\n
[performance]\ncpu_workload = balanced\nmax_cores = 8\ncompression_algorithm = zstd\nbackup_format = sql\n
[security]\nretention_days = 30\nmin_backups = 5\nmax_retries = 0\n
[cloud]\nenabled = true\nprovider = s3\nbucket = b\nregion = eu-west-1\nsecret_key = hunter2\nauto_upload = true\n
[notify]\nsmtp_passwd = hunter2\nhook = https://x:hunter2@host/\n`,
  );
  const { stdout, stderr } = await mustDbbackupHere(["config", "migrate", old]);
  expect(await values(stdout.toString())).toEqual({
    "db-type": "postgres",
    host: "db1",
    port: 5433,
    user: "backup",
    "ssl-mode": "require",
    engine: "auto",
    jobs: 3,
    repo: "/var/backups",
    compression: "zstd:6",
    format: "plain",
    "retention-days": 30,
    "min-backups": 5,
  });
  expect(stderr).toContain("database.database = shop: left out; the database is named on the command line");
  expect(stderr).toContain("use s3://b?region=eu-west-1 as url of a [[replicas]]");
  expect(stderr).toContain("performance.cpu_workload = balanced: left out; there is no such setting");
  expect(stderr).toContain("database.password: left out");
  expect(stdout + stderr).not.toContain("hunter2");
  expect(stderr).not.toMatch(/max_retries|auto_detect_compression/);
  writeFileSync(old, "hello");
  expect(await dbbackupHere(["config", "migrate", old])).toMatchObject({ status: ExitStatus.usage });
});

test("the schema has every key, and every key is one option's", () => {
  const { properties } = configSchema() as { properties: Record<string, { properties?: Record<string, unknown> }> };
  for (const { section, key, option } of configKeys) {
    expect(properties[section]!.properties, `${section}.${key}`).toHaveProperty(key);
    expect(option.config).toBe(`${section}.${key}`);
  }
  expect(new Set(configKeys.map(({ option }) => option.config)).size).toBe(configKeys.length);
});
