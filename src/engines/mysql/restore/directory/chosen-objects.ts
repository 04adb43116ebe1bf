import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import { selectionFlags } from "../../../common/flags-for-archives.ts";
import type { DirectoryIndex, DirectoryObject } from "../../directory/directory-index.ts";

/** What of a backup is restored. */
export interface ChosenObjects {
  /** Whose scripts run, in the order of the index. */
  readonly made: readonly DirectoryObject[];
  /** Whose rows come in. */
  readonly loaded: readonly DirectoryObject[];
  /** The rest, by kind. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** What of a selection these backups can be asked for. */
const known = new Set(["schemaOnly", "dataOnly", "noSchema", "noData", "tables"]);

/** @throws BackupError USAGE for what these backups cannot be asked for, contradictions, and tables that are not there */
export function chosenObjects(index: DirectoryIndex, request: RestoreRequest): ChosenObjects {
  refuseOthers(request);
  const hasSchema = !request.dataOnly && request.noSchema !== true;
  const hasData = !request.schemaOnly && request.noData !== true;
  if (!hasSchema && !hasData) {
    throw new BackupError({
      code: "USAGE",
      message: "--schema-only and --data-only together leave nothing to restore",
      hint: "leave out one of them",
    });
  }
  const isChosen = chosenByTable(index, request.tables);
  const leftOut = new Map<string, number>();
  const leaveOut = (what: string): void => void leftOut.set(what, (leftOut.get(what) ?? 0) + 1);
  const made: DirectoryObject[] = [];
  const loaded: DirectoryObject[] = [];
  for (const object of index.objects) {
    const isTaken = isChosen(object);
    if (object.schema !== undefined) {
      if (isTaken && hasSchema) made.push(object);
      else leaveOut(object.kind);
    }
    if (object.data === undefined) continue;
    if (isTaken && hasData) loaded.push(object);
    else leaveOut("rows of tables");
  }
  return { made, loaded, leftOut };
}

/** A table brings its triggers along. */
function chosenByTable(index: DirectoryIndex, tables: readonly string[]): (object: DirectoryObject) => boolean {
  if (tables.length === 0) return () => true;
  const names = new Set(index.objects.filter(({ kind }) => kind === "table").map(({ name }) => name));
  const wanted = new Set(
    tables.map((asked) => {
      const inDatabase = asked.startsWith(`${index.database}.`) ? asked.slice(index.database.length + 1) : asked;
      const name = [asked, inDatabase].find((one) => names.has(one));
      if (name !== undefined) return name;
      throw new BackupError({
        code: "USAGE",
        message: `the backup holds no table "${asked}"`,
        object: asked,
        hint: "see what it holds with --list",
      });
    }),
  );
  return ({ kind, name, table }) =>
    (kind === "table" && wanted.has(name)) || (kind === "trigger" && wanted.has(table ?? ""));
}

function refuseOthers(request: RestoreRequest): void {
  const found = (Object.entries(selectionFlags) as [keyof typeof selectionFlags, string][]).find(([name]) => {
    const value = request[name];
    return !known.has(name) && (typeof value === "boolean" || typeof value === "number" ? value : value?.length);
  });
  const flag = request.singleTransaction ? "--single-transaction" : found?.[1];
  if (flag === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `${flag} cannot be honoured: it is for backups of PostgreSQL`,
    hint: "leave it out",
  });
}
