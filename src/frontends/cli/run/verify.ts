import { verifyCluster } from "../../../commands/cluster/verify-cluster.ts";
import { ChainNotes } from "../../../commands/encryption/chain-of-repository.ts";
import { type FoundBackup, isCluster } from "../../../commands/found-backup.ts";
import { isProven } from "../../../commands/proof/prove-backup.ts";
import { type VerifiedBackup, verifyBackup } from "../../../commands/verify-backup.ts";
import { withinDuration } from "../../../commands/within-duration.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { namedFamily } from "../check-family.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { type ErrorDocument, errorDocument } from "../describe-error.ts";
import { findArgument } from "../find-argument.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { unlockingOf } from "../unlocking.ts";
import { proofLines } from "./proof-lines.ts";
import { type ProvenOutcome, provenDocument, proving } from "./prove.ts";

/** One BACKUP argument's outcome; `--json` prints an array of their documents. */
type Outcome =
  | { readonly kind: "verified"; readonly argument: string; readonly result: VerifiedBackup }
  | ProvenOutcome
  | { readonly kind: "failed"; readonly argument: string; readonly error: BackupError };

export const run: RunCommand = async ({ args, options }, context) => {
  const { output, signal } = context;
  const verify = options.restore === true ? await proving(options, context) : await checking(options, context);
  const unlocking = await unlockingOf(options, context.services, context.progress);
  const outcomes: Outcome[] = [];
  for (const argument of args) {
    try {
      const backup = await findArgument(argument, options, context, unlocking);
      const task = (within: AbortSignal): Promise<Outcome> => verify(argument, backup, within);
      const what = `the verification of "${argument}"`;
      outcomes.push(await withinDuration(options["max-duration"], what, signal, task, "raise --max-duration"));
    } catch (error) {
      // One bad backup is no reason to leave the others unchecked.
      if (signal.aborted || !(error instanceof BackupError)) throw error;
      outcomes.push({ kind: "failed", argument, error });
    }
    printOutcome(outcomes.at(-1)!, output);
  }
  output.document(outcomes.map(documentOf));
  if (outcomes.length > 1) output.print(totals(outcomes));
  return statusOf(outcomes);
};

type Verify = (argument: string, backup: FoundBackup, signal: AbortSignal) => Promise<Outcome>;

async function checking(options: OptionValues, { services, progress }: CliContext): Promise<Verify> {
  const ports = { checker: await services.openChecker(namedFamily(options)), clock: services.clock, progress };
  const maxPlainBytes = options["max-plain-size"];
  const limits = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  const chain = new ChainNotes(services.openStorage);
  return async (argument, backup, signal) => {
    const verify = isCluster(backup.metadata) ? verifyCluster : verifyBackup;
    const result = await verify(backup, ports, signal, limits);
    const notes = [...result.notes, ...(await chain.of(backup, signal))];
    return { kind: "verified", argument, result: { ...result, notes } };
  };
}

function printOutcome(outcome: Outcome, output: Output): void {
  output.clearProgress();
  if (outcome.kind === "failed") output.logError(outcome.error);
  else if (outcome.kind === "proven") output.print(...proofLines(outcome.result));
  else output.print(...describe(outcome.result));
}

function describe({
  location,
  metadata,
  damage,
  notes,
  contents,
  databases,
  storedBytes,
  durationSeconds,
}: VerifiedBackup): string[] {
  const lines = [`${damage.length === 0 ? "ok" : "DAMAGED"}  ${printable(location)}`];
  const rate = durationSeconds > 0 ? `, ${formatBytes(Math.round(storedBytes / durationSeconds))}/s` : "";
  const hashed = metadata?.artifacts.every(({ sha256 }) => sha256 !== undefined) === true;
  const stored = damage.length === 0 && hashed ? ", SHA-256 as recorded" : "";
  lines.push(`  stored   ${formatBytes(storedBytes)}${stored} (${formatDuration(durationSeconds)}${rate})`);
  if (contents !== undefined)
    lines.push(`  decoded  ${decoded(contents, damage.length === 0 && metadata?.objects !== undefined)}`);
  if (databases !== undefined) lines.push(`  decoded  ${counted(databases, "database")} and the globals`);
  for (const { object, message } of damage) lines.push(`  damage   ${printable(object)}: ${printable(message)}`);
  for (const note of notes) lines.push(`  note     ${printable(note)}`);
  return lines;
}

function decoded(contents: NonNullable<VerifiedBackup["contents"]>, compared: boolean): string {
  const read = contents.tables.flatMap(({ totals: found }) => (found === undefined ? [] : [found]));
  const rows = read.reduce((sum, table) => sum + table.rows, 0);
  const bytes = read.reduce((sum, table) => sum + table.bytes, 0);
  const parts = [`${counted(contents.tables.length, "table")}, ${counted(rows, "row")}, ${formatBytes(bytes)}`];
  if (contents.largeObjects !== undefined && contents.largeObjects.count > 0) {
    parts.push(counted(contents.largeObjects.count, "large object"));
  }
  if (compared) parts.push("counts and row checksums as recorded");
  return parts.join(", ");
}

function totals(outcomes: readonly Outcome[]): string {
  const whole = outcomes.filter(isWhole).length;
  return whole === outcomes.length
    ? `all ${outcomes.length} backups are whole`
    : `${whole} of ${outcomes.length} backups are whole`;
}

function isWhole(outcome: Outcome): boolean {
  if (outcome.kind === "failed") return false;
  return outcome.kind === "proven" ? isProven(outcome.result) : outcome.result.damage.length === 0;
}

interface VerifyDocument {
  readonly backup: string;
  readonly status: "ok" | "damaged" | "failed";
  readonly [field: string]: unknown;
  readonly error?: ErrorDocument;
}

function documentOf(outcome: Outcome): VerifyDocument {
  if (outcome.kind === "failed") {
    return {
      backup: outcome.argument,
      status: isDamage(outcome.error) ? "damaged" : "failed",
      error: errorDocument(outcome.error),
    };
  }
  if (outcome.kind === "proven") return provenDocument(outcome);
  const { location, metadata, storedBytes, contents, databases, damage, notes, durationSeconds } = outcome.result;
  return {
    backup: outcome.argument,
    status: damage.length === 0 ? "ok" : "damaged",
    location,
    ...(metadata === undefined ? {} : { id: metadata.id, database: metadata.database }),
    stored_bytes: storedBytes,
    ...(databases === undefined ? {} : { databases }),
    ...(contents === undefined
      ? {}
      : {
          format: contents.format,
          objects: contents.tables.map(({ schema, name, totals: found }) => ({
            type: "table",
            schema,
            name,
            ...found,
          })),
          ...(contents.largeObjects === undefined ? {} : { large_objects: contents.largeObjects }),
        }),
    damage,
    notes,
    duration_seconds: durationSeconds,
  };
}

/** Metadata that cannot be read and files that are no backup are what verification looks for. */
function isDamage({ code }: BackupError): boolean {
  return code === "DAMAGED" || code === "FOREIGN_FILE";
}

function statusOf(outcomes: readonly Outcome[]): ExitStatus {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome.error] : []));
  const damaged = failures.some(isDamage) || outcomes.some((outcome) => outcome.kind !== "failed" && !isWhole(outcome));
  if (damaged) return ExitStatus.damaged;
  return failures[0]?.exitStatus ?? ExitStatus.done;
}
