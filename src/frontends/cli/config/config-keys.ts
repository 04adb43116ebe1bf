import type { Option } from "../options/option.ts";
import { options } from "../options/options.ts";

/** A key of the configuration file, and the option that it gives a value for. */
export interface ConfigKey {
  readonly section: string;
  readonly key: string;
  readonly option: Option;
}

/** Every `section.key` that the table of options names. */
export const configKeys: readonly ConfigKey[] = (options as readonly Option[]).flatMap((option) => {
  if (option.config === undefined) return [];
  const [section = "", key = ""] = option.config.split(".");
  return [{ section, key, option }];
});

/** The sections, each with its keys. */
export const configSections: ReadonlyMap<string, ReadonlyMap<string, Option>> = new Map(
  [...Map.groupBy(configKeys, ({ section }) => section)].map(([section, keys]) => [
    section,
    new Map(keys.map(({ key, option }) => [key, option])),
  ]),
);

/** The password of the server, which no file says in the clear: `{ file = "..." }`, `{ env = "..." }` or `{ vault = "..." }`. */
export const passwordKey = { section: "source", key: "password" } as const;

/** Sections with rules of single databases under this key: a table for each, with the keys of the section. */
export const databasesKey = "databases";
export const databasesSections = ["retention", "policies"] as const;

export type DatabasesSection = (typeof databasesSections)[number];

export function hasDatabases(section: string): section is DatabasesSection {
  return (databasesSections as readonly string[]).includes(section);
}

/** Sections that are no tables of option values. */
export const profilesSection = "profiles";
export const replicasSection = "replicas";

/** Sections that later versions will read. */
export const reservedSections: readonly string[] = ["notifications"];
