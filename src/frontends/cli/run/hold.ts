import { holdBackup } from "../../../commands/retention/holds.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { noteOnly } from "../note-only.ts";
import { readTime, refusedTime } from "../read-time.ts";
import { repositoryOf } from "../repository-option.ts";
import { stored } from "../stored-backup.ts";

export const run: RunCommand = async ({ args, options }, { services, output, note, signal }) => {
  const storage = await services.openStorage(repositoryOf(options));
  const since = services.clock.now();
  const until = options.until === undefined ? undefined : readUntil(options.until, since);
  const { reason } = options;
  const held = [];
  for (const name of args) held.push(await stored(name, storage, signal));
  noteOnly(held, note);
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
  const time = readTime("until", text, "ends");
  if (time > now) return time;
  throw refusedTime("until", text, "is over", "give a time that is to come, or leave --until out");
}
