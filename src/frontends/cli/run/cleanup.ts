import { type CleanupResult, cleanup } from "../../../commands/cleanup/cleanup.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { repositoryOf } from "../repository-option.ts";

export const run: RunCommand = async ({ options }, { services, output, signal }) => {
  const storage = await services.openStorage(repositoryOf(options));
  const dryRun = options["dry-run"] === true;
  const request = { dryRun, abandonUnfinished: options["abandon-unfinished"] === true };
  const result = await cleanup(request, storage, signal);
  const { runs, objects, uploads, removals, unfinished } = result;
  output.document({
    dry_run: dryRun,
    runs,
    objects,
    uploads,
    removals,
    unfinished: unfinished.map(({ id, location, kind, database = null, isBusy, isRemoved }) => ({
      id,
      location,
      kind,
      database,
      busy: isBusy,
      removed: isRemoved,
    })),
  });
  output.print(...linesOf(result, dryRun));
  return ExitStatus.done;
};

function linesOf({ runs, objects, uploads, removals, unfinished }: CleanupResult, dryRun: boolean): string[] {
  const left = `${counted(objects.length, "object")} and ${counted(uploads.length, "unfinished upload")}`;
  return [
    ...objects.map((key) => `object  ${printable(key)}`),
    ...uploads.map((key) => `unfinished upload  ${printable(key)}`),
    ...removals.map((id) => `removal that was interrupted  ${printable(id)}`),
    ...unfinished.map(({ id, kind, database, location, isBusy, isRemoved }) => {
      const what = `${kind === "copy" ? "unfinished copy" : "interrupted backup"} of ${printable(database ?? "?")}`;
      const state = isRemoved ? "" : isBusy ? "; a run is at work on it" : "; stays, as it can go on";
      return `${what}  ${id}  ${printable(location)}${state}`;
    }),
    `${dryRun ? "would remove" : "removed"} ${left} of ${counted(runs, "run that had died", "runs that had died")}`,
    ...(removals.length === 0
      ? []
      : [`${dryRun ? "would finish" : "finished"} ${counted(removals.length, "removal")}`]),
  ];
}
