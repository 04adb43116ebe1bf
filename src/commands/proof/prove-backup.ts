import { BackupError } from "../../core/backup-error.ts";
import type { EngineFamily } from "../../core/database-type.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { VerificationCheck } from "../../core/verification/verification-schema.ts";
import type { BackupChecker, CheckedBackup } from "../../ports/backup-checker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { RestorableBackup, RestoreEngine, RestoreRequest } from "../../ports/restore.ts";
import type { ProofDamage, ProofFindings, RestoreProver, ScratchDatabase } from "../../ports/restore-proof.ts";
import type { StartThrowawayServer } from "../../ports/throwaway-server.ts";
import type { FoundBackup } from "../found-backup.ts";
import { knownContents } from "../known-contents.ts";
import { plainLimit } from "../plain-limit.ts";
import { openSource, type RestoreSource } from "../restore-source.ts";
import { openingDamage, verifyBackup } from "../verify-backup.ts";
import { damageCodes } from "../verify-folder.ts";
import { wholeRestore } from "../whole-restore.ts";
import { Phases } from "./phases.ts";
import { prepareScratch } from "./prepare-scratch.ts";
import { databaseTypeOf, promisedContents, sourceMajor } from "./promised-contents.ts";
import type { ProofRequest } from "./proof-request.ts";
import { openProofServer, type ProofServer } from "./proof-server.ts";
import {
  refuseOtherServer,
  refuseOwnName,
  refusePartWithoutDefinitions,
  refusePlainScratch,
} from "./refuse-unprovable.ts";
import { failuresAsDamage } from "./restore-failures.ts";
import { runChecks } from "./run-checks.ts";

export interface ProofPorts {
  readonly engine: RestoreEngine;
  openProver(family: EngineFamily | undefined): Promise<RestoreProver>;
  readonly checker: BackupChecker;
  readonly startThrowawayServer: StartThrowawayServer;
  readonly clock: Clock;
  readonly progress: ProgressSink;
}

/** What a restore of a backup proved. */
export interface ProvenBackup {
  readonly location: string;
  readonly metadata: BackupMetadata | undefined;
  readonly startedAt: Date;
  readonly server: { readonly isOurs: boolean; readonly version: string | undefined };
  readonly durationSeconds: number;
  /** How long the restore alone took, when it came to its end. */
  readonly recoverySeconds: number | undefined;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly counts: Readonly<Record<string, number>>;
  /** Empty, and no check failed: what came back is what was backed up. */
  readonly damage: readonly ProofDamage[];
  readonly notes: readonly string[];
  readonly checks: readonly VerificationCheck[];
}

/**
 * Restores a backup of one database into a scratch database, and looks at what came back: everything that the backup held
 * must be there, with the rows that were recorded. The scratch database goes again, whatever happens.
 * @param shared a server that is there already, and stays
 * @throws BackupError for what is no damage: PRECHECK when it cannot be verified there, CONNECT, IO, INTERRUPTED, ...
 */
export async function proveBackup(
  found: FoundBackup,
  request: ProofRequest,
  ports: ProofPorts,
  signal: AbortSignal,
  shared?: ProofServer,
): Promise<ProvenBackup> {
  const proof = new Proof(found, request, ports, signal, shared);
  try {
    await proof.run();
  } catch (error) {
    proof.take(error);
  } finally {
    proof.warnOfLeftovers();
  }
  return proof.result();
}

/** Whether something is not as it was, or not as the user wants it. */
export function isProven({ damage, checks }: Pick<ProvenBackup, "damage" | "checks">): boolean {
  return damage.length === 0 && checks.every(({ status }) => status === "ok");
}

/** One proof in the making: what was found until something stopped it counts. */
class Proof {
  readonly #found: FoundBackup;
  readonly #request: ProofRequest;
  readonly #ports: ProofPorts;
  readonly #signal: AbortSignal;
  readonly #startedAt: Date;
  readonly #phases: Phases;
  readonly #counts: Record<string, number> = {};
  readonly #damage: ProofDamage[] = [];
  readonly #notes: string[] = [];
  #checks: readonly VerificationCheck[] = [];
  #scratch: ScratchDatabase | undefined;
  #server: ProofServer | undefined;
  readonly #isOurs: boolean;
  #serverVersion: string | undefined;
  #recoverySeconds: number | undefined;

  constructor(
    found: FoundBackup,
    request: ProofRequest,
    ports: ProofPorts,
    signal: AbortSignal,
    shared: ProofServer | undefined,
  ) {
    this.#server = shared;
    this.#found = found;
    this.#request = request;
    this.#ports = ports;
    this.#signal = signal;
    this.#startedAt = ports.clock.now();
    this.#phases = new Phases(ports.clock, ports.progress);
    this.#isOurs = request.server === undefined;
  }

  async run(): Promise<void> {
    const { metadata } = this.#found;
    refusePlainScratch(this.#found, this.#request);
    await using source = await openSource(this.#found);
    const maxPlainBytes = plainLimit(metadata, this.#request.maxPlainBytes);
    const limit = maxPlainBytes === undefined ? {} : { maxPlainBytes };
    const backup = await this.#ports.engine.open(source.input, limit);
    refuseOtherServer(backup.summary, this.#request.server);
    refusePartWithoutDefinitions(this.#found);
    const decoded = await this.#decode(limit);
    await using servers = new AsyncDisposableStack();
    const server = this.#server ?? servers.use(await this.#startServer(backup));
    this.#server = server;
    await using scratch = await this.#reserve(backup, server);
    await this.#restoreAndCheck(backup, source, { scratch, decoded });
  }

  async #startServer(backup: RestorableBackup): Promise<ProofServer> {
    const known = { backup, metadata: this.#found.metadata };
    const kind = { major: sourceMajor(known), databaseType: databaseTypeOf(known) };
    return await this.#phases.run("server", "starting a server", () =>
      openProofServer(this.#request, kind, this.#ports.startThrowawayServer, this.#signal),
    );
  }

  /** What the metadata does not tell of the rows, decoding does. */
  async #decode(limit: { readonly maxPlainBytes?: number }): Promise<CheckedBackup | undefined> {
    if (this.#found.metadata?.objects !== undefined) return undefined;
    const verified = await this.#phases.run("decode", "decoding the backup", () =>
      verifyBackup(this.#found, this.#ports, this.#signal, limit),
    );
    this.#damage.push(...verified.damage);
    this.#notes.push(...verified.notes);
    return verified.contents;
  }

  async #reserve(backup: RestorableBackup, server: ProofServer): Promise<ScratchDatabase> {
    // A script may make its database itself, under a name that it says.
    const { format, database, isBound = format === "script" && database !== "" } = backup.summary;
    const own = isBound ? database : undefined;
    if (own !== undefined) refuseOwnName(own, this.#found, server);
    const prover = await this.#ports.openProver(backup.summary.family);
    const scratch = await prover.reserve(server.connection, this.#signal, own);
    this.#serverVersion = scratch.serverVersion;
    this.#scratch = scratch;
    for (const name of scratch.swept) {
      this.#ports.progress.emit({ event: "warning", message: `dropped database "${name}" of a run that was killed` });
    }
    return scratch;
  }

  async #restoreAndCheck(
    backup: RestorableBackup,
    source: RestoreSource,
    { scratch, decoded }: { readonly scratch: ScratchDatabase; readonly decoded: CheckedBackup | undefined },
  ): Promise<void> {
    const { metadata } = this.#found;
    const { progress } = this.#ports;
    // Not the rows that it must expect: it would stop at the first table that has others, and all of them are told here.
    const { plainBytes } = knownContents(metadata);
    const room = plainBytes === undefined ? {} : { plainBytes };
    const wanted = { ...restoreRequest(scratch, this.#request), ...room };
    const place = { scratch, isOurs: this.#isOurs };
    if (!this.#isOurs) warnOfCode(backup.plan(wanted).needsTrust, progress);
    const prepared = await prepareScratch(backup, wanted, place, this.#signal);
    this.#notes.push(...prepared.notes);
    const result = await this.#phases.run("restore", `restoring into database "${scratch.name}"`, () =>
      backup.run(prepared.request, progress, this.#signal),
    );
    this.#recoverySeconds = result.durationMs / 1000;
    this.#damage.push(...failuresAsDamage(result, this.#isOurs));
    const changed = await source.changedBytes(this.#signal);
    this.#damage.push(...changed.map((message) => ({ object: this.#found.location, message })));
    this.#damage.push(...openingDamage(this.#found));

    const withoutRoles = prepared.request.noPrivileges;
    const promised = promisedContents({ backup, metadata, decoded, withoutRoles });
    await using database = await scratch.open(promised, this.#request.jobs);
    await this.#step("objects", "looking for every object of the backup", () => database.checkObjects());
    await this.#step("rows", "reading the rows that came back", () => database.checkRows(progress));
    await this.#step("constraints", "checking foreign keys", () => database.checkConstraints());
    await this.#step("indexes", "checking indexes", () => database.checkIndexes());
    const { checks } = this.#request;
    if (checks.length === 0) return;
    this.#checks = await this.#phases.run("checks", "running the checks", () => runChecks(database, checks));
  }

  async #step(phase: string, message: string, check: () => Promise<ProofFindings>): Promise<void> {
    const { counts, damage, notes } = await this.#phases.run(phase, message, check);
    Object.assign(this.#counts, counts);
    this.#damage.push(...damage);
    this.#notes.push(...notes);
  }

  /** What says that the backup is damaged is a result. @throws anything else */
  take(error: unknown): void {
    if (!(error instanceof BackupError)) throw error;
    const stopped = this.#server?.stoppedBecause();
    if (stopped !== undefined) throw serverStopped(stopped, error);
    const isMissing = error.code === "NOT_FOUND" && this.#phases.all.length === 0 && this.#found.metadata !== undefined;
    if (!damageCodes.has(error.code) && !isMissing) throw error;
    // What became of the scratch database, which stands behind it, is nobody's concern.
    const { cause } = error;
    const itself = cause instanceof BackupError && error.message.startsWith(`${cause.message}; `) ? cause : error;
    this.#damage.push({ object: itself.object ?? this.#found.location, message: itself.message });
  }

  /** What a scratch database of a server of ours would have left goes with the server. */
  warnOfLeftovers(): void {
    for (const message of this.#isOurs ? [] : (this.#scratch?.leftBehind ?? [])) {
      this.#ports.progress.emit({
        event: "warning",
        message,
        hint: "the next verification on this server tries again",
      });
    }
  }

  result(): ProvenBackup {
    return {
      location: this.#found.location,
      metadata: this.#found.metadata,
      startedAt: this.#startedAt,
      server: { isOurs: this.#isOurs, version: this.#serverVersion },
      durationSeconds: this.#phases.seconds,
      recoverySeconds: this.#recoverySeconds,
      phases: this.#phases.all,
      counts: this.#counts,
      damage: this.#damage,
      notes: this.#notes,
      checks: this.#checks,
    };
  }
}

/** On a server of the user's it runs as whoever logs in there. */
function warnOfCode(needsTrust: readonly string[], progress: ProgressSink): void {
  const [first] = needsTrust;
  if (first === undefined) return;
  const more = needsTrust.length === 1 ? "" : `, and ${needsTrust.length - 1} more`;
  progress.emit({
    event: "warning",
    message: `the backup needs trust, and runs on the server of --server: ${first}${more}`,
    hint: "without --server it runs in a server of its own; restore --dry-run lists all of it",
  });
}

function serverStopped(reason: string, cause: BackupError): BackupError {
  return new BackupError({
    code: "SERVER",
    message: `the backup could not be verified: its server was stopped, since ${reason}`,
    hint: "raise --max-memory, use fewer --jobs, or name a server of your own with --server",
    cause,
  });
}

/** Everything, and everything that fails is to be told. */
function restoreRequest(scratch: ScratchDatabase, request: ProofRequest): RestoreRequest {
  return {
    ...wholeRestore,
    connection: scratch.connection,
    target: scratch.name,
    onError: "continue",
    jobs: { count: request.jobs, isAsked: false },
    allowedExtensions: request.allowedExtensions,
    ...(request.maxPlainBytes === undefined ? {} : { maxPlainBytes: request.maxPlainBytes }),
  };
}
