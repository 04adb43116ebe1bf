import { checkChain } from "../../../commands/encryption/chain-of-repository.ts";
import { isCluster, isPartial } from "../../../commands/found-backup.ts";
import { type ListedBackup, listBackups } from "../../../commands/list-backups.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { BackupMetadata } from "../../../core/metadata/metadata-schema.ts";
import { formatAge, formatBytes } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { hasKeys, keySources } from "../key-sources.ts";
import { repositoryOf } from "../repository-option.ts";
import { type Column, formatTable } from "../table.ts";
import { unlockingOf } from "../unlocking.ts";

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "DATABASE" },
  { title: "TIME (UTC)" },
  { title: "AGE", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "KIND" },
  { title: "FORMAT" },
];

export const run: RunCommand = async ({ options }, { services, output, progress, signal }) => {
  const repository = await services.openStorage(repositoryOf(options));
  const listing = await listBackups(repository, signal);
  const unlocking = hasKeys(keySources(options)) ? await unlockingOf(options, services, progress) : undefined;
  const chain = unlocking === undefined ? undefined : await checkChain(listing.backups, unlocking, signal);
  const backups = chain?.backups ?? listing.backups;
  const unreadable = [...listing.unreadable, ...(chain?.failures ?? [])];
  const now = services.clock.now();
  if (backups.length === 0) output.info(`there are no backups in ${repository.location}`);
  else
    output.print(
      ...formatTable(
        columns,
        backups.map((listed) => rowOf(listed, now)),
      ),
    );
  output.document(backups.map(({ metadata }) => metadata));
  for (const { backup, problems } of backups) {
    for (const problem of problems)
      output.warn(problem, { object: backup.location, hint: "this backup cannot be restored" });
  }
  for (const { message, object, hint } of unreadable) {
    output.warn(message, { ...(object === undefined ? {} : { object }), ...(hint === undefined ? {} : { hint }) });
  }
  for (const { id, message } of chain?.findings ?? []) output.warn(message, { object: `backup ${id}` });
  const isWhole = unreadable.length === 0 && backups.every(({ problems }) => problems.length === 0);
  return isWhole ? ExitStatus.done : ExitStatus.partial;
};

/** `full`; `full, partial`; `full, cluster`; `sample`, which is a part by its nature. */
function kindOf(metadata: BackupMetadata): string {
  const isPart = isPartial(metadata) && metadata.sample === undefined;
  const more = [...(isCluster(metadata) ? ["cluster"] : []), ...(isPart ? ["partial"] : [])];
  return [metadata.backup_type, ...more].join(", ");
}

function rowOf({ metadata }: ListedBackup, now: Date): string[] {
  const time = new Date(metadata.timestamp);
  return [
    metadata.id,
    metadata.database,
    time.toISOString().slice(0, 19).replace("T", " "),
    formatAge((now.getTime() - time.getTime()) / 1000),
    formatBytes(metadata.size_bytes),
    kindOf(metadata),
    formatOf(metadata),
  ];
}

function formatOf({ format = "?", compression = "?", encrypted, sealed }: BackupMetadata): string {
  if (sealed !== undefined) return "encrypted";
  return [format, compression, ...(encrypted === true ? ["encrypted"] : [])].join(", ");
}
