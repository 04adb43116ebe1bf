import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { backupBaseName } from "../../src/core/backup-name.ts";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { uuidV7 } from "../../src/core/uuid-v7.ts";
import { formatVerification } from "../../src/core/verification/format-verification.ts";
import type { VerificationLevel } from "../../src/core/verification/verification-level.ts";

/** A backup of any age, in a folder: its file holds a few bytes that nothing restores. */
export interface PlantedBackup {
  readonly id: string;
  /** Name of its file; its metadata have `.meta.json` behind it. */
  readonly name: string;
}

/** Puts a backup into a folder as one that was made `daysAgo` days ago. */
export function plantBackup(
  folder: string,
  database: string,
  daysAgo: number,
  more: Partial<BackupMetadata> = {},
): PlantedBackup {
  const time = new Date(Date.now() - daysAgo * 24 * 3600 * 1000);
  const name = `${backupBaseName(database, "full", time)}.dump`;
  const bytes = Buffer.from(`${database} ${daysAgo}`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const metadata: BackupMetadata = {
    version: "4.0",
    timestamp: time.toISOString(),
    database,
    database_type: "postgresql",
    host: "db1",
    port: 5432,
    backup_file: name,
    size_bytes: bytes.length,
    sha256,
    compression: "none",
    backup_type: "full",
    id: uuidV7(time),
    format_version: 1,
    method: "logical",
    format: "custom",
    artifacts: [{ name, size: bytes.length, sha256 }],
    ...more,
  };
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${name}.meta.json`), formatMetadata(metadata));
  return { id: metadata.id, name };
}

/** Puts a record beside a backup, as `verify` writes it. */
export function plantRecord(
  folder: string,
  { id, name }: PlantedBackup,
  level: VerificationLevel,
  result: "ok" | "damaged",
  daysAgo = 0,
): void {
  const time = new Date(Date.now() - daysAgo * 24 * 3600 * 1000);
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, "");
  const text = formatVerification({
    version: 1,
    id: uuidV7(time),
    timestamp: time.toISOString(),
    backup: name,
    backup_id: id,
    status: result,
    level,
    tool: { name: "dbbackup", version: "test" },
    ...(level === "restore" ? { recovery_seconds: 12.5 } : {}),
    duration_seconds: 20,
    phases: [],
    counts: {},
    damage_count: result === "ok" ? 0 : 1,
    damage: [],
    notes: [],
    checks: [],
  });
  writeFileSync(join(folder, `${name}.${stamp}-${level}-${result}.verify.json`), text);
}
