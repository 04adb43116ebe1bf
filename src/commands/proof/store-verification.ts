import { VERIFICATION_SUFFIX } from "../../core/backup-name.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import { formatVerification } from "../../core/verification/format-verification.ts";
import { markLabel } from "../../core/verification/verification-mark.ts";
import type { Verification } from "../../core/verification/verification-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import type { SurveyedBackup } from "../survey-backup.ts";
import type { VerifiedBackup } from "../verify-backup.ts";
import { writeBeside } from "../write-beside.ts";
import { nameOf, placeOfRecords } from "./place-of-backup.ts";
import { isProven, type ProvenBackup } from "./prove-backup.ts";
import { withMac } from "./verification-mac.ts";

/** More damage than this is counted, not kept. */
export const maxKeptDamage = 100;
/** More damaged tables than this are counted, not named. */
const maxKeptTables = 1000;

/** The result of a proof as it is stored and printed. Pure. */
export function verificationOf(
  proven: ProvenBackup,
  tool: { readonly name: string; readonly version: string },
): Verification {
  const { metadata, server, recoverySeconds } = proven;
  return {
    version: 1,
    id: uuidV7(proven.startedAt),
    timestamp: proven.startedAt.toISOString(),
    backup: nameOf(proven.location),
    ...(metadata === undefined ? {} : { backup_id: metadata.id, database: metadata.database }),
    status: isProven(proven) ? "ok" : "damaged",
    tool,
    level: "restore",
    server: {
      kind: server.isOurs ? "throw-away" : "given",
      ...(server.version === undefined ? {} : { version: server.version }),
    },
    duration_seconds: proven.durationSeconds,
    ...(recoverySeconds === undefined ? {} : { recovery_seconds: Math.round(recoverySeconds * 1000) / 1000 }),
    phases: [...proven.phases],
    counts: { ...proven.counts },
    damage_count: proven.damage.length,
    damage: proven.damage.slice(0, maxKeptDamage).map((finding) => ({ ...finding })),
    notes: [...proven.notes],
    checks: [...proven.checks],
  };
}

/** The result of a verification that restored nothing, as it is stored. Pure. */
export function verificationOfStored(
  { location, metadata, damage, survey, notes, durationSeconds, contents, databases, storedBytes }: VerifiedBackup,
  level: "quick" | "full",
  startedAt: Date,
  tool: { readonly name: string; readonly version: string },
): Verification {
  const rows = contents?.tables.reduce((sum, { totals }) => sum + (totals?.rows ?? 0), 0);
  const seconds = Math.round(durationSeconds * 1000) / 1000;
  return {
    version: 1,
    id: uuidV7(startedAt),
    timestamp: startedAt.toISOString(),
    backup: nameOf(location),
    ...(metadata === undefined ? {} : { backup_id: metadata.id, database: metadata.database }),
    status: damage.length === 0 ? "ok" : "damaged",
    tool,
    level,
    duration_seconds: seconds,
    phases: [{ phase: "stored", seconds }],
    counts: {
      bytes: storedBytes,
      ...(rows === undefined ? {} : { tables: contents!.tables.length, rows }),
      ...(databases === undefined ? {} : { databases }),
    },
    damage_count: damage.length,
    damage: damage.slice(0, maxKeptDamage).map((finding) => ({ ...finding })),
    ...surveyFields(survey),
    notes: [...notes],
    checks: [],
  };
}

/** What was found behind the first damage, as it is stored and printed. Pure. */
export function surveyFields(survey: SurveyedBackup | undefined): Pick<Verification, "damaged_places" | "salvage"> {
  if (survey === undefined) return {};
  const { places, morePlaces, unusable, tables, damagedTables, damagedOthers, canBeSalvaged, areDefinitionsUnproved } =
    survey;
  return {
    damaged_places: places.map((place) => ({ ...place })),
    salvage: {
      can_be_salvaged: canBeSalvaged,
      more_places: morePlaces,
      ...(unusable === undefined ? {} : { unusable }),
      tables,
      whole_tables: tables - damagedTables.length,
      damaged_tables: damagedTables.slice(0, maxKeptTables).map((table) => ({ ...table })),
      damaged_others: damagedOthers.slice(0, maxKeptDamage),
      definitions_unproved: areDefinitionsUnproved,
    },
  };
}

/** What everybody may read of the result of a verification of an encrypted backup: whether it is whole, and how long that took. */
function withoutContents(verification: Verification): Verification {
  const { damaged_places: _places, salvage: _salvage, ...others } = verification;
  return { ...others, counts: {}, damage: [], notes: [], checks: [] };
}

/**
 * Writes a result beside its backup, under a name of its own that tells level and outcome: nothing in a repository is ever
 * written over. Of an encrypted backup it tells nothing of the contents, and is bound to its keys.
 * @returns where it lies
 * @throws BackupError IO
 */
export async function storeVerification(
  backup: FoundBackup,
  verification: Verification,
  openStorage: (location: string) => Promise<Storage>,
): Promise<string> {
  const { folder, name } = placeOfRecords(backup);
  const storage = await openStorage(folder);
  const stored = backup.openingDamage === undefined ? verification : withoutContents(verification);
  const record = {
    name,
    time: new Date(verification.timestamp),
    label: markLabel(verification.level ?? "restore", verification.status),
    suffix: VERIFICATION_SUFFIX,
    text: formatVerification(await withMac(stored, backup)),
  };
  return `${storage.location}/${await writeBeside(record, storage)}`;
}
