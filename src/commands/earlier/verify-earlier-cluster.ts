import { BackupError } from "../../core/backup-error.ts";
import type { EarlierArchives, TarEntry } from "../../ports/earlier-archives.ts";
import type { FoundBackup } from "../found-backup.ts";
import { ReadProgress } from "../read-progress.ts";
import { openingDamage, type VerifiedBackup, type VerifyOptions, type VerifyPorts } from "../verify-backup.ts";
import { type Damage, damageCodes } from "../verify-folder.ts";
import { EarlierArchiveFile, type EarlierMember } from "./earlier-cluster.ts";

/** Checks the backup of a server that dbbackup 1 to 3 made: its stored bytes, and each dump in it, front to back and once. */
export async function verifyEarlierCluster(
  backup: FoundBackup,
  ports: VerifyPorts & { readonly earlierArchives: EarlierArchives },
  signal: AbortSignal,
  { maxPlainBytes }: VerifyOptions = {},
): Promise<VerifiedBackup> {
  const began = ports.clock.monotonic();
  const { location, metadata } = backup;
  const notes = [...(backup.notes ?? []), ...(metadata?.warnings ?? [])];
  const damage: Damage[] = [];
  const whole = new Set<string>();
  const read = new Map<EarlierMember["kind"], number>();
  let storedBytes = 0;
  const progress = new ReadProgress(ports.progress, "verify", `verifying ${location}`, metadata?.size_bytes);
  try {
    await using file = await EarlierArchiveFile.open(backup);
    storedBytes = file.size;
    const onBytes = (count: number) => progress.add(count);
    await noting(damage, location, async () => {
      for await (const { member, entry } of file.members(ports.earlierArchives, signal, maxPlainBytes, onBytes)) {
        read.set(member.kind, (read.get(member.kind) ?? 0) + 1);
        if (member.kind === "unknown")
          notes.push(`"${member.path}" is none of the files that are known, and was not checked`);
        else if (await isWhole(member, entry)) whole.add(member.kind === "database" ? member.name : "");
      }
      if (!read.has("globals")) damage.push({ object: location, message: "globals.sql is missing in it" });
    });
    const difference = await file.difference();
    if (difference !== undefined) damage.unshift({ object: metadata!.artifacts[0]!.name, message: difference });
  } catch (error) {
    if (!(error instanceof BackupError) || !(damageCodes.has(error.code) || error.code === "NOT_FOUND")) throw error;
    damage.push({ object: error.object ?? location, message: error.message });
  }
  damage.push(...missing(), ...openingDamage(backup));
  progress.end();
  const durationSeconds = (ports.clock.monotonic() - began) / 1000;
  const databases = [...whole].filter((name) => name !== "").length;
  return { location, ...(metadata && { metadata }), storedBytes, databases, damage, notes, durationSeconds };

  async function isWhole({ path }: EarlierMember, entry: TarEntry): Promise<boolean> {
    const before = damage.length;
    await noting(damage, path, async () => {
      const plain = ports.earlierArchives.plain(entry, maxPlainBytes);
      await ports.checker.checkStream(plain, signal);
    });
    return damage.length === before;
  }

  /** The metadata name all databases that the server had, those that failed among them. */
  function missing(): Damage[] {
    const names = metadata?.["earlier_databases"];
    if (!Array.isArray(names) || damage.length > 0 || (metadata?.warnings ?? []).length > 0) return [];
    return names
      .filter((name) => typeof name === "string" && !whole.has(name))
      .map((name) => ({ object: location, message: `database "${name}" is missing in it` }));
  }
}

async function noting(damage: Damage[], object: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof BackupError) || !damageCodes.has(error.code)) throw error;
    damage.push({ object: error.object === undefined ? object : `${object}: ${error.object}`, message: error.message });
  }
}
