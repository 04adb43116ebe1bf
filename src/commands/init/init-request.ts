import type { EngineFamily } from "../../core/database-type.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { ConnectionRequest } from "../../ports/connection-request.ts";
import type { Encryption } from "../../ports/encryption.ts";
import type { Interview } from "../../ports/interview.ts";
import type { ListedServer, ServerFinder } from "../../ports/server-finder.ts";
import type { MadeThings } from "./made-things.ts";

/** What was said beforehand; what is missing is asked for. */
export interface InitRequest {
  /** Undefined: servers of this machine are looked for. */
  readonly connection?: ConnectionRequest;
  /** How to log in to those that are found. */
  readonly login?: Omit<ConnectionRequest, "url" | "host" | "port" | "socket" | "dbType">;
  readonly family?: EngineFamily;
  /** Whether somebody named the user: else the usual one of such servers is tried as well. */
  readonly isUserGiven: boolean;
  readonly database?: string;
  /** A folder or URL. */
  readonly repository?: string;
  /** A path, or `none`: backups are not encrypted. */
  readonly keyFile?: string;
  readonly configFile?: string;
  /** Undefined: it is asked. */
  readonly proves?: boolean;
  /** Tells what would be done, and does nothing. */
  readonly dryRun: boolean;
}

/** All that was decided. Paths are absolute. */
export interface InitChoices {
  readonly family: EngineFamily;
  readonly connection: ConnectionRequest;
  readonly server: ListedServer;
  readonly database: string;
  readonly repository: string;
  /** Undefined: no encryption. */
  readonly keyFile: string | undefined;
  /** Whether it is to be made. */
  readonly isNewKey: boolean;
  readonly configFile: string;
  readonly proves: boolean;
}

/** What the first run of the program does with the world. */
export interface InitPorts {
  readonly interview: Interview;
  readonly environment: Readonly<Record<string, string | undefined>>;
  openFinder(family: EngineFamily): Promise<ServerFinder>;
  /** Of a path that a user writes. */
  absolute(path: string): string;
  exists(path: string): Promise<boolean>;
  /** Makes a key and writes it into a new file. @throws BackupError EXISTS, IO */
  makeKey(path: string, made: MadeThings): Promise<{ readonly keyId: string }>;
  encryptionWith(keyFile: string): Promise<Encryption>;
  backUp(
    choices: InitChoices,
    encryption: Encryption | undefined,
    made: MadeThings,
    signal: AbortSignal,
  ): Promise<BackupMetadata>;
  /** Restores the backup on trial. @throws BackupError when that cannot be tried */
  prove(choices: InitChoices, backup: BackupMetadata, signal: AbortSignal): Promise<InitProof>;
  writeConfig(choices: InitChoices, made: MadeThings): Promise<void>;
}

export interface InitProof {
  readonly isProven: boolean;
  /** Seconds that the restore took. */
  readonly recoverySeconds: number | undefined;
  readonly counts: Readonly<Record<string, number>>;
  /** What is not as it was, for people. */
  readonly damage: readonly string[];
}

export interface InitResult {
  readonly choices: InitChoices;
  /** Undefined: it was a dry run. */
  readonly backup?: BackupMetadata;
  /** Of a key that was made. */
  readonly keyId?: string;
  /** Undefined: nobody wanted one, or it could not be tried. */
  readonly proof?: InitProof;
  /** Why no proof could be tried. */
  readonly proofFailure?: { readonly message: string; readonly hint: string | undefined };
}
