import { verifyCluster } from "../../../commands/cluster/verify-cluster.ts";
import { isEarlierCluster } from "../../../commands/earlier/earlier-cluster.ts";
import { verifyEarlierCluster } from "../../../commands/earlier/verify-earlier-cluster.ts";
import { ChainNotes } from "../../../commands/encryption/chain-of-repository.ts";
import { type FoundBackup, isCluster } from "../../../commands/found-backup.ts";
import { isProven } from "../../../commands/proof/prove-backup.ts";
import { surveyFields, verificationOfStored } from "../../../commands/proof/store-verification.ts";
import { type VerifiedBackup, verifyBackup } from "../../../commands/verify-backup.ts";
import { withinDuration } from "../../../commands/within-duration.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import type { NamedFamily } from "../../../core/database-type.ts";
import { eachOf } from "../../../core/each-of.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { type BackupToVerify, backupsToVerify } from "../backups-to-verify.ts";
import { familyOfReading } from "../check-family.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { type ErrorDocument, errorDocument } from "../describe-error.ts";
import { noteOnly } from "../note-only.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { unlockingOf } from "../unlocking.ts";
import { proofLines } from "./proof-lines.ts";
import { type ProvenOutcome, provenDocument, proving } from "./prove.ts";
import { type RecordVerification, recording } from "./record-verification.ts";
import { surveyLines } from "./survey-lines.ts";

/** What became of one backup; `--json` prints an array of their documents. */
type Outcome =
  | {
      readonly kind: "verified";
      readonly argument: string;
      readonly level: "quick" | "full";
      readonly result: VerifiedBackup;
      /** Where the record was written; undefined when it was not. */
      readonly file: string | undefined;
    }
  | ProvenOutcome
  | { readonly kind: "failed"; readonly argument: string; readonly error: BackupError }
  /** The time was up. */
  | { readonly kind: "not-reached"; readonly argument: string };

/** Each holds the buffers of one archive and its tables' counts. */
const maxAtOnce = 8;

export const run: RunCommand = async (invocation, context) => {
  const { options, flags } = invocation;
  const { output, signal, services, note } = context;
  const family = familyOfReading(options, flags, false);
  // A restore on trial has its own use for --jobs.
  const atOnce = options.restore === true ? 1 : Math.min(options.jobs ?? 1, maxAtOnce);
  const unlocking = await unlockingOf(options, services, context.progress);
  const chosen = await backupsToVerify(invocation, context, unlocking);
  const several = chosen.length > 1 && atOnce > 1 ? { ...context, progress: warningsOf(context.progress) } : context;
  const record = recording(options, several);
  const verify =
    options.restore === true
      ? await proving(options, family, several, record)
      : await checking(options, family, several, record);
  const endsAt = services.clock.monotonic() + (options.budget ?? Number.POSITIVE_INFINITY) * 1000;
  const outcomes: Outcome[] = [];
  const one = async ({ name, open }: BackupToVerify): Promise<Outcome> => {
    if (services.clock.monotonic() >= endsAt) return { kind: "not-reached", argument: name };
    try {
      const backup = await open();
      if (chosen.length === 1) noteOnly([backup], note);
      const task = (within: AbortSignal): Promise<Outcome> => verify(name, backup, within);
      const what = `the verification of "${name}"`;
      return await withinDuration(options["max-duration"], what, signal, task, "raise --max-duration");
    } catch (error) {
      // One bad backup is no reason to leave the others unchecked.
      if (signal.aborted || !(error instanceof BackupError)) throw error;
      return { kind: "failed", argument: name, error };
    }
  };
  const done = new Map<number, Outcome>();
  await eachOf([...chosen.entries()], atOnce, async ([place, backup]) => {
    done.set(place, await one(backup));
    // In their order, whichever ends first.
    for (let next = done.get(outcomes.length); next !== undefined; next = done.get(outcomes.length)) {
      done.delete(outcomes.length);
      outcomes.push(next);
      printOutcome(next, output);
    }
  });
  if (chosen.length === 0) output.info("no backup is to be verified");
  output.document(outcomes.map(documentOf));
  if (outcomes.length > 1) output.print(...totals(outcomes));
  return statusOf(outcomes);
};

/** Of several at once each has its own bytes and phases, which no line can show. */
function warningsOf(progress: ProgressSink): ProgressSink {
  return {
    emit: (event) => {
      if (event.event === "warning") progress.emit(event);
    },
  };
}

type Verify = (argument: string, backup: FoundBackup, signal: AbortSignal) => Promise<Outcome>;

async function checking(
  options: OptionValues,
  family: NamedFamily,
  { services, progress }: CliContext,
  record: RecordVerification,
): Promise<Verify> {
  const level = options.quick === true ? "quick" : "full";
  const quick = level === "quick" ? { quick: await services.openRestorer(undefined, family) } : {};
  const ports = {
    checker: await services.openChecker(family.asked ?? family.usual),
    clock: services.clock,
    progress,
    ...quick,
  };
  const maxPlainBytes = options["max-plain-size"];
  const limits = maxPlainBytes === undefined ? {} : { maxPlainBytes };
  const chain = new ChainNotes(services.openStorage);
  return async (argument, backup, signal) => {
    const startedAt = services.clock.now();
    const isWithoutContents = isEarlierCluster(backup);
    const found = isWithoutContents
      ? await verifyEarlierCluster(
          backup,
          { ...ports, earlierArchives: await services.openEarlierArchives() },
          signal,
          limits,
        )
      : await (isCluster(backup.metadata) ? verifyCluster : verifyBackup)(backup, ports, signal, limits);
    // Without a table of contents there is nothing but to read all of it.
    const lookedAt = isWithoutContents ? "full" : level;
    const result = { ...found, notes: [...found.notes, ...(await chain.of(backup, signal))] };
    // Beside a file that is no backup by itself nothing is left without being asked for.
    const isRecorded = backup.metadata !== undefined && backup.metadata.part_of === undefined;
    const file = isRecorded
      ? await record(backup, verificationOfStored(result, lookedAt, startedAt, services.tool))
      : undefined;
    return { kind: "verified", argument, level: lookedAt, result, file };
  };
}

function printOutcome(outcome: Outcome, output: Output): void {
  output.clearProgress();
  if (outcome.kind === "failed") output.logError(outcome.error);
  else if (outcome.kind === "not-reached") output.print(`not reached  ${printable(outcome.argument)}`);
  else if (outcome.kind === "proven") output.print(...proofLines(outcome.result));
  else output.print(...describe(outcome.result, outcome.level));
}

function describe(result: VerifiedBackup, level: "quick" | "full"): string[] {
  const { location, metadata, damage, survey, notes, contents, databases, storedBytes, durationSeconds } = result;
  const lines = [`${damage.length === 0 ? "ok" : "DAMAGED"}  ${printable(location)}`];
  const rate = durationSeconds > 0 ? `, ${formatBytes(Math.round(storedBytes / durationSeconds))}/s` : "";
  const hashed = metadata?.artifacts.every(({ sha256 }) => sha256 !== undefined) === true;
  const stored = damage.length === 0 && hashed ? ", SHA-256 as recorded" : "";
  if (level === "quick") {
    const seen = damage.length === 0 ? "; sizes and table of contents are as they should be" : "";
    lines.push(`  stored   ${formatBytes(storedBytes)}, not read${seen} (${formatDuration(durationSeconds)})`);
  } else lines.push(`  stored   ${formatBytes(storedBytes)}${stored} (${formatDuration(durationSeconds)}${rate})`);
  if (contents !== undefined)
    lines.push(`  decoded  ${decoded(contents, damage.length === 0 && metadata?.objects !== undefined)}`);
  if (databases !== undefined) lines.push(`  decoded  ${counted(databases, "database")} and the globals`);
  for (const { object, message } of damage) lines.push(`  damage   ${printable(object)}: ${printable(message)}`);
  if (survey !== undefined) lines.push(...surveyLines(survey).map((line) => `  ${printable(line)}`));
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

function totals(outcomes: readonly Outcome[]): string[] {
  const reached = outcomes.filter(({ kind }) => kind !== "not-reached");
  const whole = reached.filter(isWhole).length;
  const left = outcomes.length - reached.length;
  const many = whole === reached.length ? `all ${whole}` : `${whole} of ${reached.length}`;
  return [
    ...(reached.length === 0 ? [] : [`${many} backups are whole`]),
    ...(left === 0 ? [] : [`${counted(left, "backup")} not reached: the time of --budget was up`]),
  ];
}

function isWhole(outcome: Outcome): boolean {
  if (outcome.kind === "failed" || outcome.kind === "not-reached") return false;
  return outcome.kind === "proven" ? isProven(outcome.result) : outcome.result.damage.length === 0;
}

interface VerifyDocument {
  readonly backup: string;
  readonly status: "ok" | "damaged" | "failed" | "not-reached";
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
  if (outcome.kind === "not-reached") return { backup: outcome.argument, status: "not-reached" };
  if (outcome.kind === "proven") return provenDocument(outcome);
  const { file, level } = outcome;
  const { location, metadata, storedBytes, contents, databases, damage, survey, notes, durationSeconds } =
    outcome.result;
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
    level,
    damage,
    ...surveyFields(survey),
    notes,
    duration_seconds: durationSeconds,
    ...(file === undefined ? {} : { file }),
  };
}

function isFoundDamaged(outcome: Outcome): boolean {
  return (outcome.kind === "verified" || outcome.kind === "proven") && !isWhole(outcome);
}

/** Metadata that cannot be read and files that are no backup are what verification looks for. */
function isDamage({ code }: BackupError): boolean {
  return code === "DAMAGED" || code === "FOREIGN_FILE";
}

function statusOf(outcomes: readonly Outcome[]): ExitStatus {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome.error] : []));
  const damaged = failures.some(isDamage) || outcomes.some(isFoundDamaged);
  if (damaged) return ExitStatus.damaged;
  return failures[0]?.exitStatus ?? ExitStatus.done;
}
