import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { fingerprint, KnownHosts, keyType, knownName } from "./known-hosts.ts";
import type { SftpSettings } from "./sftp-settings.ts";

/** Of this machine's administrator. */
const SYSTEM_FILE = "/etc/ssh/ssh_known_hosts";

/** Types of keys that hosts may show; those of RSA with SHA-1, and DSA, are no longer. */
const algorithms = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** Compares the key that a host shows with those that the user has accepted. */
export class HostKeyCheck {
  readonly #settings: SftpSettings;
  readonly #files: readonly string[];
  readonly #hosts: KnownHosts;
  /** Why the last key was refused. */
  refusal: BackupError | undefined;

  private constructor(settings: SftpSettings, files: readonly string[], hosts: KnownHosts) {
    this.#settings = settings;
    this.#files = files;
    this.#hosts = hosts;
  }

  /** @throws BackupError CONFIG when a file that was named cannot be read */
  static async open(settings: SftpSettings): Promise<HostKeyCheck> {
    const { knownHosts, home } = settings;
    const files = knownHosts === undefined ? [join(home, ".ssh", "known_hosts"), SYSTEM_FILE] : [knownHosts];
    const texts = files.map(async (file) => {
      try {
        return await readFile(file, "utf8");
      } catch (cause) {
        if (knownHosts === undefined && (cause as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw new BackupError({
          code: "CONFIG",
          message: `the file with the keys of known hosts cannot be read: ${(cause as Error).message}`,
          object: file,
          hint: "check its path and its permissions",
          cause,
        });
      }
    });
    return new HostKeyCheck(settings, files, new KnownHosts(await Promise.all(texts)));
  }

  /** What to ask the host for: types that are known of it first. */
  get algorithms(): readonly string[] {
    const { host, port } = this.#settings;
    const known = this.#hosts.typesOf(host, port);
    const isKnown = (name: string): boolean => known.includes(name.startsWith("rsa-sha2") ? "ssh-rsa" : name);
    return [...algorithms.filter(isKnown), ...algorithms.filter((name) => !isKnown(name))];
  }

  /** Whether it may be trusted; else `refusal` says why not. */
  accepts(key: Buffer): boolean {
    const { host, port } = this.#settings;
    const verdict = this.#hosts.judge(host, port, key);
    if (verdict === "known") return true;
    const shown = `${keyType(key)} ${fingerprint(key)}`;
    const files = this.#files.map((file) => `"${file}"`).join(" or ");
    const explanations = {
      unknown: {
        message: `the host is not known: it shows the key ${shown}`,
        hint: `compare it with what "ssh-keygen -lf" says of the host's key over there, then add the line that "ssh-keyscan${port === 22 ? "" : ` -p ${port}`} ${host}" prints to ${files}, or connect once with ssh`,
      },
      other: {
        message: `the host shows another key than the one that is known of it: ${shown}`,
        hint: `somebody may stand between here and there; if its key was changed on purpose, remove the old one: ssh-keygen -R "${knownName(host, port)}"`,
      },
      revoked: { message: `the key of the host is revoked: ${shown}`, hint: `see the line with @revoked in ${files}` },
      authority: {
        message: `the host is known by a certificate authority only, and certificates of hosts are not supported; it shows the key ${shown}`,
        hint: `compare it with what "ssh-keygen -lf" says of the host's key over there, then add it to ${files}`,
      },
    };
    this.refusal = new BackupError({ code: "AUTH", ...explanations[verdict], object: `${host}:${port}` });
    return false;
  }
}
