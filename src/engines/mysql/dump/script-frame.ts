import type { DumpRun } from "./dump-run.ts";

/**
 * What the script sets before everything else, and puts back at its end. Comments of the form `/*!NNNNN` are run by MySQL
 * from that version on, `/*M!` by MariaDB; each setting stands behind the first version that has it, so that a script can
 * be loaded by an older or newer server and by the other flavour.
 */
const settings: readonly ScriptSetting[] = [
  // Zero in an AUTO_INCREMENT column stays zero, no mode refuses what is there, and dates as the 31st of February stay.
  { name: "sql_mode", value: "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'" },
  // Times are written in UTC.
  { name: "time_zone", value: "'+00:00'" },
  { name: "unique_checks", value: "0" },
  { name: "foreign_key_checks", value: "0" },
  { name: "sql_notes", value: "0" },
  { name: "innodb_strict_mode", value: "0", only: "/*!50600 " },
  { name: "sql_require_primary_key", value: "0", only: "/*!80013 " },
  { name: "sql_generate_invisible_primary_key", value: "0", only: "/*!80030 " },
  { name: "restrict_fk_on_non_standard_key", value: "0", only: "/*!80400 " },
  { name: "check_constraint_checks", value: "0", only: "/*M!100201 " },
  // MariaDB gives utf8mb4 and others another collation than they had where nothing is said of one.
  { name: "character_set_collations", value: "''", only: "/*M!110201 " },
];

interface ScriptSetting {
  readonly name: string;
  readonly value: string;
  readonly only?: string;
}

/** What the first line of a script says. */
export function dumpTitle({ dumperVersion, source: { facts } }: Pick<DumpRun, "dumperVersion" | "source">): string {
  const flavour = facts.flavour === "mariadb" ? "MariaDB" : "MySQL";
  return `${dumperVersion}: dump of a database of ${flavour} ${facts.versionText}`;
}

/**
 * The same in two statements for a script that holds one object of many, and is loaded with them: nothing is put back.
 * @param title what the first line says, without line breaks
 */
export function shortHead(title: string): string {
  const all = settings.map(({ name, value, only }, index) => {
    const setting = `${index === 0 ? "" : ", "}${name} = ${value}`;
    return only === undefined ? setting : `${only}${setting} */`;
  });
  return `-- ${title}\nSET NAMES utf8mb4;\nSET SESSION ${all.join(" ")};\n`;
}

/** The mode of the script, outside stored code. */
export const scriptSqlMode = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES";

/** @param title what the first line says, without line breaks */
export function scriptHead(title: string): string {
  const lines = [`-- ${title}`, ""];
  lines.push(
    statement("SET @dbb_character_set_client = @@character_set_client"),
    statement("SET @dbb_character_set_results = @@character_set_results"),
    statement("SET @dbb_collation_connection = @@collation_connection"),
    statement("SET NAMES utf8mb4"),
  );
  for (const { name, value, only } of settings) {
    lines.push(statement(`SET @dbb_${name} = @@${name}`, only), statement(`SET SESSION ${name} = ${value}`, only));
  }
  return `${lines.join("\n")}\n`;
}

export function scriptFoot(): string {
  const lines = settings.map(({ name, only }) => statement(`SET SESSION ${name} = @dbb_${name}`, only)).toReversed();
  lines.push(
    statement("SET character_set_client = @dbb_character_set_client"),
    statement("SET character_set_results = @dbb_character_set_results"),
    statement("SET collation_connection = @dbb_collation_connection"),
  );
  return `\n${lines.join("\n")}\n\n${lastLine}\n`;
}

/** What stands at the end of one object's script. */
export function shortFoot(): string {
  return `\n${lastLine}\n`;
}

/** A script without it was cut off; the stock programs end theirs alike. */
export const lastLine = "-- dbbackup: end of script";

function statement(sql: string, only?: string): string {
  return only === undefined ? `${sql};` : `${only}${sql} */;`;
}
