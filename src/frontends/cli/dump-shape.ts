import type { DumpShape } from "../../ports/dump-shape.ts";
import type { OptionValues } from "./options/options.ts";

/** What the options of a backup say of what is written. */
export function dumpShape(options: OptionValues): DumpShape {
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
