import type { MysqlDumpOptions } from "../../ports/mysql-dump.ts";
import { mysqlDefiner } from "./mysql-definer.ts";
import type { OptionValues } from "./options/options.ts";

/** What the options of a backup of MySQL or MariaDB say. @param database which `DB.NAME` may name */
export function mysqlDump(options: OptionValues, database: string): MysqlDumpOptions {
  const is = (name: keyof OptionValues): boolean => options[name] === true;
  const names = (given: readonly string[] = []): string[] => given.map((name) => withoutDatabase(name, database));
  const tables = names(options["only-table"]);
  const isWhole = tables.length === 0;
  return {
    nonTransactional: options["non-transactional"] ?? "lock",
    noLock: is("no-lock"),
    tables,
    ignoredTables: names(options["ignore-table"]),
    ignoredData: names(options["ignore-table-data"]),
    ...(options.where === undefined ? {} : { where: options.where }),
    routines: isWhole && !is("skip-routines"),
    triggers: !is("skip-triggers"),
    events: isWhole && !is("skip-events"),
    drops: !is("skip-add-drop-table"),
    history: is("dump-history"),
    columnStatistics: is("column-statistics"),
    definer: mysqlDefiner(options),
    ...(options["chunk-size"] === undefined ? {} : { chunkSize: options["chunk-size"] }),
    rows: {
      statement: is("replace") ? "REPLACE" : is("insert-ignore") ? "INSERT IGNORE" : "INSERT",
      namesColumns: is("complete-insert"),
      isSingle: is("skip-extended-insert"),
      hexBlob: is("hex-blob"),
      jsonAsText: is("json-as-text"),
    },
  };
}

/** mysqldump wants the database before the dot; here there is only one. */
function withoutDatabase(name: string, database: string): string {
  return name.startsWith(`${database}.`) ? name.slice(database.length + 1) : name;
}
