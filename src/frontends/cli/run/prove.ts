import { totalmem } from "node:os";
import { type FoundBackup, isCluster } from "../../../commands/found-backup.ts";
import { type ProofPorts, type ProvenBackup, proveBackup } from "../../../commands/proof/prove-backup.ts";
import { proveCluster } from "../../../commands/proof/prove-cluster.ts";
import { verificationOf } from "../../../commands/proof/store-verification.ts";
import type { NamedFamily } from "../../../core/database-type.ts";
import type { Verification } from "../../../core/verification/verification-schema.ts";
import type { CliContext } from "../cli-context.ts";
import { defaultJobs } from "../default-jobs.ts";
import type { OptionValues } from "../options/options.ts";
import type { RecordVerification } from "./record-verification.ts";

/** Of `verify --restore`. */
export interface ProvenOutcome {
  readonly kind: "proven";
  readonly argument: string;
  readonly result: ProvenBackup;
  readonly verification: Verification;
  /** Where it was written; undefined when it was not. */
  readonly file: string | undefined;
}

/** Restores one backup after another on trial, and writes each result beside its backup. */
export async function proving(
  options: OptionValues,
  family: NamedFamily,
  { services, progress }: Pick<CliContext, "services" | "progress">,
  record: RecordVerification,
): Promise<(argument: string, backup: FoundBackup, signal: AbortSignal) => Promise<ProvenOutcome>> {
  const ports: ProofPorts = {
    engine: await services.openRestorer(undefined, family),
    openProver: services.openProver,
    checker: await services.openChecker(family.asked ?? family.usual),
    startThrowawayServer: services.startThrowawayServer,
    clock: services.clock,
    progress,
  };
  const maxPlainBytes = options["max-plain-size"];
  const request = {
    ...(options.server === undefined ? {} : { server: { url: options.server } }),
    allowsPlainScratch: options["plain-scratch"] === true,
    checks: options.check ?? [],
    jobs: options.jobs ?? defaultJobs(),
    maxMemoryBytes: options["max-memory"] ?? halfOfMemory(),
    ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }),
    allowedExtensions: [],
  };
  return async (argument, backup, signal) => {
    const prove = isCluster(backup.metadata) ? proveCluster : proveBackup;
    const result = await prove(backup, request, ports, signal);
    const verification = verificationOf(result, services.tool);
    const file = await record(backup, verification);
    return { kind: "proven", argument, result, verification, file };
  };
}

/** Of this machine, or of the container that we are in. */
function halfOfMemory(): number {
  const constrained = process.constrainedMemory();
  return Math.floor((constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()) / 2);
}

/** For `--json`: what was written, and where. */
export function provenDocument({ argument, result, verification, file }: ProvenOutcome) {
  // As `verify` names them without --restore: what is there is the backup's.
  const { backup: name, id, backup_id, ...rest } = verification;
  return {
    ...rest,
    verification_id: id,
    ...(backup_id === undefined ? {} : { id: backup_id }),
    backup: argument,
    name,
    location: result.location,
    ...(file === undefined ? {} : { file }),
  };
}
