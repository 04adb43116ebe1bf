import {
  type DatabaseProtection,
  type ProtectedPlace,
  protectionOfRepository,
} from "../../../commands/protection/protection-of-repository.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { ProtectionFacts, ProtectionPolicy } from "../../../core/protection/judge-protection.ts";
import { isStorageUrl } from "../../../core/storage-url.ts";
import type { Catalogue, Operation } from "../../../ports/catalogue.ts";
import { formatAge, formatBytes, formatDuration } from "../amounts.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { hasKeys, keySources } from "../key-sources.ts";
import type { OptionValues } from "../options/options.ts";
import { repositoryOf } from "../repository-option.ts";
import { type Column, formatTable } from "../table.ts";
import { unlockingOf } from "../unlocking.ts";

const SECOND_MS = 1000;
const DAY_SECONDS = 86_400;
const USUAL_MAX_AGE = 26 * 3600;
const USUAL_MAX_PROOF_AGE = 35 * DAY_SECONDS;
/** Bad ends of the history that are looked through. */
const FAILURES_LOOKED_AT = 10_000;

const columns: readonly Column[] = [
  { title: "DATABASE" },
  { title: "STATE" },
  { title: "LAST GOOD" },
  { title: "PROVED" },
  { title: "SIZE", align: "right" },
  { title: "GROWTH", align: "right" },
  { title: "RESTORE", align: "right" },
  { title: "3-2-1-1-0" },
  { title: "WHY" },
];

export const run: RunCommand = async ({ options, databasePolicies = new Map() }, context) => {
  const { services, output, progress, signal } = context;
  const now = services.clock.now().getTime();
  const catalogue = await context.catalogue();
  const location = repositoryOf(options);
  const own = new Map([...databasePolicies].map(([name, values]) => [name, policyOf({ ...options, ...values })]));
  const common = policyOf(options);
  const unlocking = hasKeys(keySources(options)) ? await unlockingOf(options, services, progress) : undefined;
  const { databases, unreadable } = await protectionOfRepository(
    {
      repository: await placeOf(location, catalogue, context),
      replicas: await Promise.all((options.replica ?? []).map((replica) => placeOf(replica, catalogue, context))),
      policyOf: (database) => own.get(database) ?? common,
      expected: [...own.keys()],
      unlocking,
      failureOf: failuresOf(catalogue),
      now,
      shownAge: (ms) => shownTime(ms / SECOND_MS),
    },
    signal,
  );
  for (const { message, object, hint } of unreadable) {
    output.warn(message, { ...(object === undefined ? {} : { object }), ...(hint === undefined ? {} : { hint }) });
  }
  const isWhole = unreadable.length === 0 && databases.length > 0;
  const verdict = verdictOf(databases, unreadable.length, location);
  output.print(verdict);
  if (databases.length > 0)
    output.print(
      "",
      ...formatTable(
        columns,
        databases.map((one) => rowOf(one, now)),
      ),
    );
  const sealed = unlocking === undefined ? databases.filter(({ isEncrypted }) => isEncrypted) : [];
  if (sealed.length > 0) output.info(withoutKey(sealed));
  const isProtected = isWhole && databases.every(({ state }) => state === "protected");
  output.document({
    status: isProtected ? "protected" : "not-protected",
    verdict,
    databases: databases.map((one) => documentOf(one, unlocking !== undefined)),
  });
  return isProtected ? ExitStatus.done : ExitStatus.failed;
};

function policyOf(options: OptionValues): ProtectionPolicy {
  return {
    maxAge: (options["max-age"] ?? USUAL_MAX_AGE) * SECOND_MS,
    maxProofAge: (options["max-proof-age"] ?? USUAL_MAX_PROOF_AGE) * SECOND_MS,
  };
}

async function placeOf(
  location: string,
  catalogue: Catalogue | undefined,
  { services }: CliContext,
): Promise<ProtectedPlace> {
  const medium = isStorageUrl(location) ? location.split(":", 1)[0]! : "disk";
  return { storage: await services.openStorage(location), medium, known: catalogue?.repository(location) };
}

/** Of attempts that this machine made. */
function failuresOf(catalogue: Catalogue | undefined): (database: string) => ProtectionFacts["failure"] {
  const failed = catalogue?.operations({ failed: true, limit: FAILURES_LOOKED_AT }) ?? [];
  const newest = new Map<string, Operation>();
  // They come newest first.
  for (const one of failed) {
    if (!one.command.startsWith("backup ") || one.command === "backup sample") continue;
    if (one.database !== undefined && !newest.has(one.database)) newest.set(one.database, one);
  }
  return (database) => {
    const one = newest.get(database);
    if (one === undefined) return undefined;
    const why = one.state === "lost" ? "it did not end" : (one.error ?? one.errorCode ?? one.state);
    return { time: one.startedAt.getTime(), why };
  };
}

/** `26 h`, `3 d`. */
function shownTime(seconds: number): string {
  const age = formatAge(Math.max(0, seconds));
  return age === "now" ? "a moment" : age;
}

function verdictOf(databases: readonly DatabaseProtection[], unreadable: number, location: string): string {
  if (databases.length === 0) return `nothing is protected: there are no backups in ${location}`;
  const open = databases.filter(({ state }) => state !== "protected");
  const doubt = unreadable === 0 ? "" : `, and ${counted(unreadable, "backup")} cannot be read`;
  if (open.length === 0) {
    const all =
      databases.length === 1 ? `database "${databases[0]!.title}" is` : `all ${databases.length} databases are`;
    return `${all} protected${doubt}`;
  }
  const names = open.map(({ title, state }) => `${title} (${state})`).join(", ");
  const verb = open.length === 1 ? "is" : "are";
  return `${open.length} of ${counted(databases.length, "database")} ${verb} not protected: ${names}${doubt}`;
}

function rowOf(one: DatabaseProtection, now: number): string[] {
  const { title, state, facts, size, growth, recoverySeconds, score, reasons } = one;
  const age = (time: number | undefined): string =>
    time === undefined ? "never" : formatAge((now - time) / SECOND_MS);
  return [
    title,
    state,
    age(facts.lastGood),
    age(facts.lastProved),
    size === undefined ? "" : formatBytes(size),
    growth === undefined ? "" : formatGrowth(growth),
    recoverySeconds === undefined ? "" : formatDuration(recoverySeconds),
    score.missing.length === 0 ? "holds" : shownScore(one),
    [...reasons, ...(score.missing.length === 0 ? [] : [`3-2-1-1-0 lacks ${score.missing.join(", ")}`])].join("; "),
  ];
}

function formatGrowth(growth: number): string {
  const percent = Math.round((growth - 1) * 100);
  return `${percent < 0 ? "" : "+"}${percent} %`;
}

/** What there is of each digit of the rule, as `2-1-0-0-0`; the last one is 0 where no error was found, else `?`. */
function shownScore({ score: { copies, media, elsewhere, locked, isVerified } }: DatabaseProtection): string {
  return [copies, media, elsewhere, locked, isVerified ? 0 : "?"].join("-");
}

/** What such a line rests on. */
function withoutKey(sealed: readonly DatabaseProtection[]): string {
  const names = sealed.map(({ title }) => `"${title}"`).join(", ");
  return `the backups of ${names} are encrypted, and no key was given: what names and records say of them is believed; with --key-file (or its like) it is checked`;
}

function documentOf(one: DatabaseProtection, hasKey: boolean): object {
  const { title, database, isEncrypted, state, reasons, facts, policy, score, ...more } = one;
  return {
    title,
    database,
    encrypted: isEncrypted,
    ...(isEncrypted ? { checked_with_key: hasKey } : {}),
    state,
    reasons,
    last_good: isoTime(facts.lastGood),
    last_proved: isoTime(facts.lastProved),
    last_failure: eventOf(facts.failure),
    policy: { max_age_seconds: policy.maxAge / SECOND_MS, max_proof_age_seconds: policy.maxProofAge / SECOND_MS },
    backups: more.backups,
    size_bytes: more.size ?? null,
    growth: more.growth ?? null,
    recovery_seconds: more.recoverySeconds ?? null,
    score: {
      copies: score.copies,
      media: score.media,
      elsewhere: score.elsewhere,
      locked: score.locked,
      verified: score.isVerified,
      missing: score.missing,
    },
  };
}

function eventOf(one: ProtectionFacts["failure"]): object | null {
  return one === undefined ? null : { timestamp: isoTime(one.time), message: one.why };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
