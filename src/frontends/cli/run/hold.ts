import { holdBackup } from "../../../commands/retention/holds.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { repositoryOf } from "../repository-option.ts";
import { stored } from "../stored-backup.ts";

export const run: RunCommand = async ({ args, options }, { services, output, signal }) => {
  const storage = await services.openStorage(repositoryOf(options));
  const since = services.clock.now();
  const until = options.until === undefined ? undefined : readUntil(options.until, since);
  const { reason } = options;
  const held = [];
  for (const name of args) held.push(await stored(name, storage, signal));
  for (const backup of held) {
    const hold = { since, ...(until === undefined ? {} : { until }), ...(reason === undefined ? {} : { reason }) };
    await holdBackup(backup, hold, storage);
    output.print(`${backup.metadata!.id}  ${printable(backup.location)}  on hold ${untilText(until)}`);
  }
  output.document(
    held.map(({ metadata, location }) => ({ id: metadata!.id, location, hold_until: until?.toISOString() ?? null })),
  );
  return ExitStatus.done;
};

function untilText(until: Date | undefined): string {
  return until === undefined ? "until it is released" : `until ${until.toISOString()}`;
}

/** A day is held to its end. */
function readUntil(text: string, now: Date): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = new Date(isDay ? `${text}T23:59:59.999Z` : isTime ? text : Number.NaN);
  // Of the 31st of February Date makes the 3rd of March.
  const isReal = !Number.isNaN(time.getTime()) && (!isDay || time.toISOString().startsWith(text));
  if (!isReal) throw refused(text, "is no time", "write it as 2027-01-31 or 2027-01-31T12:00:00Z");
  if (time <= now) throw refused(text, "is over", "give a time that is to come, or leave --until out");
  return time;
}

function refused(text: string, why: string, hint: string): BackupError {
  return new BackupError({ code: "USAGE", message: `--until "${text}" ${why}`, hint });
}
