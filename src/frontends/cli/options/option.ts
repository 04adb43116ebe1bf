import { type EngineFamily, shownFamily } from "../../../core/database-type.ts";

/** What an option's value is. */
export type OptionType = "flag" | "text" | "integer" | "size" | "duration" | "choice";

/** One row of the table that makes flags, environment names, help, docs and, later, keys of the configuration file. */
export interface Option {
  /** Long name without the dashes. */
  readonly name: string;
  /** One letter, as PostgreSQL's own programs have it. */
  readonly short?: string;
  /** Other long names that mean the same. */
  readonly aliases?: readonly string[];
  readonly type: OptionType;
  /** For `choice`: the words it takes. */
  readonly values?: readonly string[];
  /** For `choice`: other words for some of them (another database's way to say it). */
  readonly valueAliases?: Readonly<Record<string, string>>;
  /** For `integer`, `size` (in bytes) and `duration` (in seconds). */
  readonly min?: number;
  readonly max?: number;
  /** How help names the value: `FILE`, `N`. Not for flags. */
  readonly placeholder?: string;
  /** May be given several times; the value is the list. */
  readonly repeatable?: boolean;
  /** What holds when nobody says otherwise, in words for help. */
  readonly default?: string;
  /** The environment name, when the usual one (`DBBACKUP_` and the name in capitals) is not it; `false` for none. */
  readonly environment?: string | false;
  /** Key in the configuration file, reserved: `section.key`. */
  readonly config?: string;
  /** One line, lower case, no full stop. */
  readonly help: string;
  /** Longer explanation for the docs page. */
  readonly details?: string;
  /** Names of options that cannot stand beside this one. */
  readonly conflicts?: readonly string[];
  /** For `text`: an empty value is one, and means what libpq takes it for: nothing is said. */
  readonly mayBeEmpty?: boolean;
  /** Only for servers of this family; missing: for all. */
  readonly family?: EngineFamily;
  /** With `family`: restores take it for servers of all families. */
  readonly isForAllRestores?: true;
  /** Never printed back. */
  readonly secret?: boolean;
}

/** The environment name of an option, if it has one. */
export function environmentName(option: Option): string | undefined {
  if (option.environment === false) return undefined;
  return option.environment ?? `DBBACKUP_${option.name.replaceAll("-", "_").toUpperCase()}`;
}

/** How help shows the flag: `--port N`. */
export function optionSynopsis(option: Option): string {
  return option.type === "flag" ? `--${option.name}` : `--${option.name} ${placeholderOf(option)}`;
}

export function placeholderOf(option: Option): string {
  if (option.placeholder !== undefined) return option.placeholder;
  return option.type === "choice" ? (option.values ?? []).join("|") : placeholders[option.type];
}

/** For help: which servers an option is for, when not for all. */
export function familyNote({ family, isForAllRestores }: Option): string | undefined {
  if (family === undefined) return undefined;
  return `${isForAllRestores === true ? "backups: " : ""}${shownFamily[family]} only`;
}

const placeholders: Readonly<Record<Exclude<OptionType, "choice">, string>> = {
  flag: "",
  text: "TEXT",
  integer: "N",
  size: "SIZE",
  duration: "TIME",
};
