import type { Secret } from "../../core/secret.ts";

/** Where a repository lies on a server that speaks SFTP, and how one gets there. */
export interface SftpSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute, or relative to the folder that the server starts in; without a slash at its end unless it is the root. */
  readonly path: string;
  /** The private key to log in with; missing: the agent and the usual files. */
  readonly identity?: string | undefined;
  /** In place of the usual files with keys of hosts. */
  readonly knownHosts?: string | undefined;
  readonly connectTimeoutMs: number;
  /** Whether a server that cannot bring files to its disk on request is refused. */
  readonly needsFsync: boolean;
  readonly password?: Secret | undefined;
  readonly passwordFile?: string | undefined;
  readonly keyPassphrase?: Secret | undefined;
  readonly keyPassphraseFile?: string | undefined;
  /** Socket of the agent that holds keys. */
  readonly agent?: string | undefined;
  /** Of the user who runs this program; keys and known hosts lie below it. */
  readonly home: string;
}
