import type { EngineFamily, NamedFamily } from "../core/database-type.ts";
import type { Secret } from "../core/secret.ts";
import type { OpenArtifactStages } from "./artifact-stages.ts";
import type { BackupChecker } from "./backup-checker.ts";
import type { OpenOutput } from "./backup-output.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Clock } from "./clock.ts";
import type { ClusterReader, GlobalsRestorer } from "./cluster.ts";
import type { Codec } from "./codec.ts";
import type { Comparer } from "./comparison.ts";
import type { OpenComparisonNotes } from "./comparison-notes.ts";
import type { Dumper } from "./dump.ts";
import type { EarlierArchives } from "./earlier-archives.ts";
import type { EncryptionServices } from "./encryption.ts";
import type { EngineChoice } from "./engine-choice.ts";
import type { Prompt } from "./interview.ts";
import type { LocateFile } from "./named-file.ts";
import type { SourceChecker } from "./preflight.ts";
import type { ProbedPlace } from "./probed-place.ts";
import type { RestoreEngine } from "./restore.ts";
import type { RestoreProver } from "./restore-proof.ts";
import type { SamplePlanner } from "./sample.ts";
import type { ServerFinder } from "./server-finder.ts";
import type { OpenSqlSession } from "./sql-session.ts";
import type { OpenedObject, Storage } from "./storage.ts";
import type { StartThrowawayServer } from "./throwaway-server.ts";

/**
 * What `main` offers to front-ends: adapters, joined, and loaded only when asked for. A use case takes the ports it
 * needs from here, never an adapter.
 */
/** What is to be dumped, and how. */
export interface WantedDumping {
  /** Default: our own. */
  readonly engine?: EngineChoice;
  /** Default: PostgreSQL's. */
  readonly family?: EngineFamily | undefined;
  /** How many sessions read beside each other: on large machines more compress what many read. Default: few. */
  readonly jobs?: number;
}

export interface Services {
  readonly clock: Clock;
  /**
   * What a backup needs of the engine and the stages.
   * @throws BackupError USAGE when there are no such tools for that kind of server
   */
  dumping(wanted?: WantedDumping): Promise<DumpingServices>;
  openClusterReader(family?: EngineFamily): Promise<ClusterReader>;
  openGlobalsRestorer(family?: EngineFamily): Promise<GlobalsRestorer>;
  openServerFinder(family: EngineFamily): Promise<ServerFinder>;
  /** Undefined when nobody sits at a terminal. */
  openPrompt(): Promise<Prompt | undefined>;
  /** Folders that would have to be made for this path, the innermost first. @throws BackupError IO */
  missingFolders(path: string): Promise<readonly string[]>;
  /** Removes those that are empty. @throws BackupError IO */
  removeEmptyFolders(folders: readonly string[]): Promise<void>;
  openEarlierArchives(): Promise<EarlierArchives>;
  openRestorer(engine?: EngineChoice, named?: NamedFamily): Promise<RestoreEngine>;
  /** Whose backup a file is, by its first bytes; undefined when they do not tell. */
  recognizeFile(file: OpenedObject): Promise<EngineFamily | undefined>;
  openProver(family?: EngineFamily): Promise<RestoreProver>;
  standardInput(): AsyncIterable<Uint8Array>;
  /**
   * The whole text of a small file that the user names; `-` is standard input.
   * @throws BackupError IO, USAGE when it is too long to be meant
   */
  readTextFile(path: string): Promise<string>;
  /**
   * The configuration file: that of a path, else the first that is there of those that are looked for.
   * @param path `none` for none
   * @param environment says where the user's configuration folder is
   * @throws BackupError CONFIG when it is not there or others may write it, IO
   */
  readConfig(
    path: string | undefined,
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<{ readonly path: string; readonly text: string } | undefined>;
  /**
   * Opens the catalogue, and makes it if it is not there.
   * @param place its file; undefined: the usual one
   * @param environment says where that is
   * @throws BackupError IO, DAMAGED, UNSUPPORTED_FORMAT, CONFIG when others may write it
   */
  openCatalogue(
    place: string | undefined,
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<Catalogue>;
  /** Gives the file of the catalogue another name, which it answers; undefined when there is none. @throws BackupError IO */
  setCatalogueAside(
    place: string | undefined,
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<string | undefined>;
  /** @param location a folder */
  openStorage(location: string): Promise<Storage>;
  /** The same place, to be tried out. */
  openProbedPlace(location: string): Promise<ProbedPlace>;
  readonly locateFile: LocateFile;
  readonly openOutput: OpenOutput;
  /** The place of a path on this machine: its folder, and its name there. Nothing needs to be there. */
  locateOutput(path: string): Promise<{ readonly storage: Storage; readonly key: string }>;
  /** @param family for backups that do not say whose they are */
  openChecker(family?: EngineFamily): Promise<BackupChecker>;
  openComparer(family?: EngineFamily): Promise<Comparer>;
  readonly openComparisonNotes: OpenComparisonNotes;
  openSamplePlanner(family?: EngineFamily): Promise<SamplePlanner>;
  encryption(): Promise<EncryptionServices>;
  /**
   * The password of a server that Vault holds.
   * @param environment says where Vault is
   * @throws BackupError CONFIG, CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL
   */
  readVaultPassword(reference: string, environment: Readonly<Record<string, string | undefined>>): Promise<Secret>;
  openSourceChecker(family?: EngineFamily): Promise<SourceChecker>;
  readonly openSqlSession: OpenSqlSession;
  readonly startThrowawayServer: StartThrowawayServer;
  /** Limits what repositories that URLs name take of the network, all together. To be called before any is opened. */
  limitTransfers(limits: TransferLimitWishes): void;
  /** What was asked so far of repositories that URLs name, by the kind of request. */
  readonly requestFigures: ReadonlyMap<string, Readonly<RequestFigure>>;
  readonly tool: { readonly name: string; readonly version: string };
}

/** Requests of one kind. */
export interface RequestFigure {
  /** All that were made, repetitions included. */
  requests: number;
  /** Those that failed, whether or not they were made again; that an object exists already is a failure, too. */
  failures: number;
  /** Of contents, sent or received by those that went well. */
  bytes: number;
  /** From request to answer, added up over requests that are made beside each other. */
  seconds: number;
}

/** What repositories may take of the network. */
export interface TransferLimitWishes {
  /** Read and written together; missing: as many as there are. */
  readonly bytesPerSecond?: number | undefined;
  /** Requests that are made at the same time. */
  readonly connections?: number | undefined;
  /** Once it is aborted nobody waits for bytes any more. */
  readonly signal: AbortSignal;
}

export interface DumpingServices {
  readonly dumper: Dumper;
  readonly codec: Codec;
  readonly openStages: OpenArtifactStages;
}
