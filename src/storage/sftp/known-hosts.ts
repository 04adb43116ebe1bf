import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** One line of a file with keys of hosts; format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
interface KnownHost {
  readonly marker: "" | "revoked" | "cert-authority";
  readonly patterns: string;
  /** As in the protocol: begins with its type. */
  readonly key: Buffer;
}

/** What the files say of a host's key. */
export type HostKeyVerdict = "known" | "revoked" | "other" | "authority" | "unknown";

/** Keys that users have accepted for hosts. */
export class KnownHosts {
  readonly #lines: readonly KnownHost[];

  /** @param texts of files */
  constructor(texts: readonly string[]) {
    this.#lines = texts.flatMap((text) => text.split("\n")).flatMap(parseLine);
  }

  /** Types of the keys that are known of a host: those are asked for first, so that it does not show another one. */
  typesOf(host: string, port: number): readonly string[] {
    return this.#linesOf(host, port)
      .filter(({ marker }) => marker === "")
      .map(({ key }) => keyType(key));
  }

  /** @param key as the host showed it */
  judge(host: string, port: number, key: Buffer): HostKeyVerdict {
    const lines = this.#linesOf(host, port);
    const isThis = (line: KnownHost): boolean => line.key.equals(key);
    // A revoked key is one for all hosts that its line names, also when another line has it.
    if (lines.some((line) => line.marker === "revoked" && isThis(line))) return "revoked";
    if (lines.some((line) => line.marker === "" && isThis(line))) return "known";
    if (lines.some(({ marker }) => marker === "")) return "other";
    return lines.some(({ marker }) => marker === "cert-authority") ? "authority" : "unknown";
  }

  #linesOf(host: string, port: number): readonly KnownHost[] {
    const name = knownName(host, port);
    return this.#lines.filter(({ patterns }) => matches(patterns, name));
  }
}

/** How files with keys of hosts name a host. */
export function knownName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a key begins with, such as `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return "";
  return key.toString("latin1", 4, 4 + Math.min(64, key.readUInt32BE(0)));
}

function parseLine(line: string): KnownHost[] {
  const fields = line.trim().split(/[ \t]+/);
  if (fields[0] === "" || fields[0]?.startsWith("#") === true) return [];
  const marker = fields[0]?.startsWith("@") === true ? fields.shift()!.slice(1) : "";
  const [patterns, type, base64] = fields;
  if (patterns === undefined || type === undefined || base64 === undefined) return [];
  if (marker !== "" && marker !== "revoked" && marker !== "cert-authority") return [];
  const key = Buffer.from(base64, "base64");
  return keyType(key) === type ? [{ marker, patterns, key }] : [];
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith("|")) return matchesHashed(patterns, name);
  let isMatched = false;
  for (const pattern of patterns.toLowerCase().split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matchesWildcards(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

/** `|1|SALT|HASH`: the HMAC-SHA1 of the name. */
function matchesHashed(pattern: string, name: string): boolean {
  const [, version, salt = "", hash = ""] = pattern.split("|");
  if (version !== "1") return false;
  const wanted = Buffer.from(hash, "base64");
  const found = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** `*` stands for any characters, `?` for one. Takes time in proportion to both lengths, whatever the pattern. */
function matchesWildcards(pattern: string, name: string): boolean {
  let at = 0;
  let inName = 0;
  let star = -1;
  let starName = 0;
  while (inName < name.length) {
    if (pattern[at] === "*") {
      star = at++;
      starName = inName;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[inName])) {
      at++;
      inName++;
    } else if (star >= 0) {
      at = star + 1;
      inName = ++starName;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
