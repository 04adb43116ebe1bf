import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { runProgram } from "../helpers/run-program.ts";

/** `encrypt` and `decrypt`. `whole`: each kind of key from files and pipes, in both directions. */
export function encryptSuite({ whole }: { readonly whole: boolean }): void {
  const PASSPHRASE = "eine blaue Kuh \u00fcbt Geige";
  const plain = randomBytes(1_000_000);
  let folder: string;
  let recipients: Record<"x25519" | "p256", string>;
  const file = (name: string): string => join(folder, name);

  function writePrivate(name: string, contents: string): void {
    writeFileSync(file(name), contents, { mode: 0o600 });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbbackup-encrypt-"));
    writeFileSync(file("shop.dump"), plain);
    writePrivate("passphrase", `${PASSPHRASE}\n`);
    await mustDbbackup(["keys", "generate", "--output", file("raw.key")]);
    const made = async (type: "x25519" | "p256") => {
      const args = ["keys", "generate", "--type", type, "--output", file(`${type}.key`), "--json"];
      return JSON.parse((await mustDbbackup(args)).stdout.toString()).recipient as string;
    };
    recipients = { x25519: await made("x25519"), p256: await made("p256") };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["a key file", () => ["--key-file", file("raw.key")], () => ["--key-file", file("raw.key")]],
    ["a passphrase", () => ["--passphrase-file", file("passphrase")], () => ["--passphrase-file", file("passphrase")]],
    ["X25519", () => ["--recipient", recipients.x25519], () => ["--key-file", file("x25519.key")]],
    ["P-256", () => ["--recipient", recipients.p256], () => ["--key-file", file("p256.key")]],
    ["a variable", () => ["--key-env", "BACKUP_KEY"], () => ["--key-env", "BACKUP_KEY"]],
  ])("what is encrypted for %s comes back, from files and pipes", async (what, writing, reading) => {
    const env = { BACKUP_KEY: readFileSync(file("raw.key"), "utf8") };
    const stored = file(`${what}.enc`);
    await mustDbbackup(["encrypt", file("shop.dump"), ...writing(), "--output", stored], { env });
    expect(readFileSync(stored).includes(plain.subarray(0, 16))).toBe(false);
    expect(statSync(stored).mode & 0o077).toBe(0);
    const piped = await mustDbbackup(["decrypt", "-", ...reading()], { env, input: readFileSync(stored) });
    expect(piped.stdout.equals(plain)).toBe(true);
    if (!whole && what !== "a key file") return;
    await mustDbbackup(["decrypt", stored, ...reading(), "--output", file(`${what}.plain`)], { env });
    expect(readFileSync(file(`${what}.plain`)).equals(plain)).toBe(true);
    const again = await mustDbbackup(["encrypt", "-", ...writing()], { env, input: plain });
    expect(again.stdout.equals(readFileSync(stored))).toBe(false);
  });

  test("a reader that shares nothing with us reads the same", async () => {
    for (const [name, contents] of Object.entries({
      some: plain,
      frame: plain.subarray(0, 262_144),
      nothing: Buffer.alloc(0),
    })) {
      writeFileSync(file(name), contents);
      await mustDbbackup(["encrypt", file(name), "--key-file", file("raw.key")]);
      const read = (path: string) => runProgram("python3", ["docs/read-encrypted.py", path, file("raw.key")]);
      expect((await read(file(`${name}.enc`))).stdout.equals(contents)).toBe(true);
      const cut = readFileSync(file(`${name}.enc`)).subarray(0, -1);
      writeFileSync(file("cut.enc"), cut);
      expect((await read(file("cut.enc"))).status).toBe(1);
    }
  });

  test("several keys: each opens the file, and the list names them", async () => {
    const writing = ["--key-file", file("raw.key"), "--recipient", recipients.x25519];
    writing.push("--passphrase-file", file("passphrase"), "--output", file("all.enc"));
    await mustDbbackup(["encrypt", file("shop.dump"), ...writing]);
    const openers: readonly [string, string][] = [
      ["--key-file", "raw.key"],
      ["--key-file", "x25519.key"],
      ["--passphrase-file", "passphrase"],
    ];
    for (const [option, name] of openers) {
      const { stdout } = await mustDbbackup(["decrypt", file("all.enc"), option, file(name), "--output", "-"]);
      expect(stdout.equals(plain)).toBe(true);
    }
    const [listed] = JSON.parse((await mustDbbackup(["keys", "list", file("all.enc"), "--json"])).stdout.toString());
    expect(listed.recipients.map(({ kind }: { kind: string }) => kind)).toEqual(["raw key", "passphrase", "X25519"]);
  });

  test("whoever makes a key is asked to keep it, and does not see it", async () => {
    const { stdout } = await mustDbbackup(["keys", "generate", "--type", "x25519", "--output", file("recovery.key")]);
    const told = stdout.toString();
    expect(told).toContain("Keep this file safe: without it, nobody can read what is encrypted for it");
    expect(told).toMatch(/--recipient x25519:/);
    const secret = readFileSync(file("recovery.key"), "utf8").split("\n")[1]!;
    expect(secret.length).toBeGreaterThan(40);
    expect(told).not.toContain(secret);
    expect(statSync(file("recovery.key")).mode & 0o077).toBe(0);
  });

  test("a recovery key is shown once, is kept nowhere, and opens what was encrypted for it", async () => {
    const shown = await mustDbbackup(["keys", "generate", "--type", "x25519", "--output", "-", "--quiet"], {
      cwd: folder,
    });
    const told = shown.stderr.toString();
    expect(told).toContain("shown this once, and stored nowhere");
    const recipient = /--recipient (x25519:\S+)/.exec(told)![1]!;
    expect(readdirSync(folder).filter((name) => readFileOrNothing(file(name)).includes(shown.stdout))).toEqual([]);
    // Typed from paper.
    writeFileSync(file("typed.key"), shown.stdout, { mode: 0o600 });
    const encrypted = file("recovered.enc");
    await mustDbbackup(["encrypt", file("shop.dump"), "--recipient", recipient, "--output", encrypted]);
    const { stdout } = await mustDbbackup(["decrypt", encrypted, "--key-file", file("typed.key"), "--output", "-"]);
    expect(stdout.equals(plain)).toBe(true);
    const both = await dbbackup(["keys", "generate", "--output", "-", "--json"]);
    expect([both.status, both.stderr.toString()]).toEqual([2, expect.stringContaining("both want stdout")]);
  });

  test("without --output the new file is beside the old one, which stays as it is; nothing is ever replaced", async () => {
    const key = ["--key-file", file("raw.key")];
    writeFileSync(file("own.dump"), plain);
    await mustDbbackup(["encrypt", file("own.dump"), ...key]);
    const stored = readFileSync(file("own.dump.enc"));
    const inPlace: readonly (readonly string[])[] = [
      ["encrypt", file("own.dump"), ...key],
      ["encrypt", file("own.dump"), ...key, "--output", file("own.dump")],
      ["decrypt", file("own.dump.enc"), ...key],
      ["decrypt", file("own.dump.enc"), ...key, "--output", file("own.dump.enc")],
      ["keys", "generate", "--output", file("raw.key")],
    ];
    for (const args of inPlace) {
      const { status, stderr } = await dbbackup(args);
      expect([status, stderr.toString()]).toEqual([1, expect.stringContaining("exists already")]);
    }
    expect(readFileSync(file("own.dump")).equals(plain)).toBe(true);
    expect(readFileSync(file("own.dump.enc")).equals(stored)).toBe(true);
  });

  test("a damaged, cut or foreign file gives no file, and its place is named", async () => {
    const key = ["--key-file", file("raw.key"), "--output", file("never")];
    await mustDbbackup(["encrypt", file("shop.dump"), "--key-file", file("raw.key"), "--output", file("whole.enc")]);
    const encrypted = readFileSync(file("whole.enc"));
    const flipped = Buffer.from(encrypted);
    flipped[600_000]! ^= 1;
    const cases: readonly [Buffer, RegExp][] = [
      [flipped, /was changed in frame 2, at byte/],
      [encrypted.subarray(0, encrypted.length - 1), /was changed in frame 3/],
      [encrypted.subarray(0, 232 + 2 * 262_160), /is cut off at byte 524552: there was more/],
      [Buffer.concat([encrypted, Buffer.from("x")]), /was changed|goes on behind its end/],
      [plain, /does not begin as encrypted files do/],
      [Buffer.alloc(0), /does not begin as encrypted files do/],
    ];
    for (const [bytes, message] of cases) {
      writeFileSync(file("bad.enc"), bytes);
      const { status, stderr } = await dbbackup(["decrypt", file("bad.enc"), ...key]);
      expect([status, stderr.toString()]).toEqual([1, expect.stringMatching(message)]);
      expect(existsSync(file("never"))).toBe(false);
    }
  });

  test("wrong keys, none, and those that others can read are refused by name, and no secret is shown", async () => {
    const stored = file("refused.enc");
    await mustDbbackup(["encrypt", file("shop.dump"), "--passphrase-file", file("passphrase"), "--output", stored]);
    writePrivate("wrong", "another phrase");
    writePrivate("short.key", "0123456789abcdef");
    writePrivate("open.key", `${"0f".repeat(32)}\n`);
    writePrivate("empty", "\n");
    chmodSync(file("open.key"), 0o644);
    const cases: readonly [readonly string[], number, RegExp][] = [
      [
        ["decrypt", stored, "--passphrase-file", file("wrong"), "--output", file("x")],
        1,
        /no key that was given opens/,
      ],
      [["decrypt", stored, "--key-file", file("raw.key"), "--output", file("x")], 1, /no key that was given opens/],
      [["decrypt", stored, "--output", file("x")], 2, /no key was given/],
      [["encrypt", file("shop.dump"), "--output", file("x")], 2, /nothing says for which key/],
      [["encrypt", file("shop.dump"), "--key-file", file("short.key")], 2, /short\.key" does not hold 64 hexadecimal/],
      [["encrypt", file("shop.dump"), "--key-file", file("open.key")], 2, /others can read or change the key file/],
      [["encrypt", file("shop.dump"), "--key-file", file("gone")], 2, /key file ".*gone" cannot be read/],
      [["encrypt", file("shop.dump"), "--passphrase-file", file("empty")], 2, /is empty/],
      [["encrypt", file("shop.dump"), "--key-env", "NOT_SET"], 2, /"NOT_SET", which holds the key, is not set/],
      [["encrypt", file("shop.dump"), "--recipient", "x25519:AAAA"], 2, /is no public key of x25519/],
      [["encrypt", file("shop.dump"), "--recipient", file("x25519.key")], 2, /holds a private key/],
      [["encrypt", folder, "--key-file", file("raw.key")], 2, /is a folder/],
      [["decrypt", file("shop.dump"), "--key-file", file("raw.key")], 2, /does not end with \.enc/],
      [["encrypt", file("shop.dump"), "--passphrase"], 2, /there is no terminal/],
    ];
    for (const [args, status, message] of cases) {
      const result = await runWithoutTerminal([...args, "--verbose"]);
      const said = `${result.stdout}${result.stderr}`;
      expect([result.status, said], args.join(" ")).toEqual([status, expect.stringMatching(message)]);
      for (const secret of ["another phrase", "0123456789abcdef", "0f0f0f0f"]) expect(said).not.toContain(secret);
    }
  });

  test("a passphrase is asked for at the terminal: twice when it is new, and never shown", async () => {
    const stored = file("asked.enc");
    const encrypting = ["encrypt", file("shop.dump"), "--passphrase", "--output", stored];
    expect(await atTerminal(encrypting, ["one two\r", "one tow\r"])).toContain("the two passphrases differ");
    expect(existsSync(stored)).toBe(false);
    const shown = await atTerminal(encrypting, ["one twx\x7fo\r", "one two\r"]);
    expect(shown).toContain("is encrypted");
    expect(shown).not.toContain("one tw");
    writePrivate("typed", "one two");
    const opened = await mustDbbackup(["decrypt", stored, "--passphrase-file", file("typed"), "--output", "-"]);
    expect(opened.stdout.equals(plain)).toBe(true);
    const decrypting = ["decrypt", stored, "--passphrase", "--output", file("asked")];
    expect(await atTerminal(decrypting, ["one two\r"])).toContain("is decrypted");
    const interrupted = await atTerminal(["decrypt", stored, "--passphrase", "--output", file("not")], ["one\x03"]);
    expect(interrupted).toContain("interrupted");
  });
}

/** In a session of its own, which has no terminal even when the tests were started at one. */
async function runWithoutTerminal(args: readonly string[]) {
  return await runProgram("setsid", ["--wait", process.execPath, await builtProgram(), ...args]);
}

/** Runs the program at a terminal ("script" makes one), and types each answer when a question is there. */
async function atTerminal(args: readonly string[], answers: readonly string[]): Promise<string> {
  const command = [process.execPath, await builtProgram(), ...args].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  let asked = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    while (asked < (shown.match(/: (?=\r?\n|$)/g) ?? []).length && asked < answers.length)
      child.stdin.write(answers[asked++]!);
  });
  await once(child, "close");
  return shown;
}

function readFileOrNothing(path: string): Buffer {
  return statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
}
