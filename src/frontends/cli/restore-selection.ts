import type { RestoreSelection } from "../../ports/restore.ts";
import type { OptionValues } from "./options/options.ts";

/** What of a backup the options ask for. */
export function restoreSelection(options: OptionValues): RestoreSelection {
  return {
    schemaOnly: options["schema-only"] === true,
    dataOnly: options["data-only"] === true,
    statisticsOnly: options["statistics-only"] === true,
    noSchema: options["no-schema"] === true,
    noData: options["no-data"] === true,
    noStatistics: options["no-statistics"] === true,
    sections: options.section ?? [],
    tables: options.table ?? [],
    indexes: options.index ?? [],
    functions: options.function ?? [],
    triggers: options.trigger ?? [],
    schemas: options.schema ?? [],
    excludedSchemas: options["exclude-schema"] ?? [],
    onlyNamed: options["only-named"] === true,
    noOwner: options["no-owner"] === true,
    noPrivileges: options["no-privileges"] === true,
    noComments: options["no-comments"] === true,
    noPolicies: options["no-policies"] === true,
    noPublications: options["no-publications"] === true,
    noSubscriptions: options["no-subscriptions"] === true,
    noSecurityLabels: options["no-security-labels"] === true,
    noTablespaces: options["no-tablespaces"] === true,
    noTableAccessMethod: options["no-table-access-method"] === true,
  };
}
