import { BackupError } from "../../core/backup-error.ts";
import type { DumpShape } from "../../ports/dump-shape.ts";
import type { OptionValues } from "./options/options.ts";

function isInserts(options: OptionValues): boolean {
  return options.inserts === true || options["column-inserts"] === true || options["rows-per-insert"] !== undefined;
}

/** What the options of a backup say of what is written. */
export function dumpShape(options: OptionValues): DumpShape {
  if (options["on-conflict-do-nothing"] === true && !isInserts(options)) {
    throw new BackupError({
      code: "USAGE",
      message: '"--on-conflict-do-nothing" needs --inserts, --column-inserts or --rows-per-insert',
      hint: "add one of them, or leave it out",
    });
  }
  const is = (name: keyof OptionValues): boolean => options[name] === true;
  return {
    schemaOnly: is("schema-only"),
    dataOnly: is("data-only"),
    statisticsOnly: is("statistics-only"),
    noSchema: is("no-schema"),
    noData: is("no-data"),
    sections: options.section ?? [],
    noPrivileges: is("no-privileges"),
    noComments: is("no-comments"),
    noPolicies: is("no-policies"),
    noPublications: is("no-publications"),
    noSubscriptions: is("no-subscriptions"),
    noSecurityLabels: is("no-security-labels"),
    noToastCompression: is("no-toast-compression"),
    noUnloggedTableData: is("no-unlogged-table-data"),
    sequenceData: is("sequence-data"),
    loadViaPartitionRoot: is("load-via-partition-root"),
    ...(isInserts(options)
      ? {
          inserts: {
            columns: is("column-inserts"),
            rowsPerStatement: options["rows-per-insert"] ?? 1,
            onConflictDoNothing: is("on-conflict-do-nothing"),
          },
        }
      : {}),
    script: {
      clean: is("clean"),
      ifExists: is("if-exists"),
      create: is("create"),
      noOwner: is("no-owner"),
      noTablespaces: is("no-tablespaces"),
      noTableAccessMethod: is("no-table-access-method"),
      disableTriggers: is("disable-triggers"),
      ...(options.superuser === undefined ? {} : { superuser: options.superuser }),
    },
  };
}
