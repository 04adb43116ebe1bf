import { backupOptions } from "./backup-options.ts";
import { catalogueOptions } from "./catalogue-options.ts";
import { clusterOptions } from "./cluster-options.ts";
import { compareOptions } from "./compare-options.ts";
import { connectionOptions } from "./connection-options.ts";
import { demoOptions } from "./demo-options.ts";
import { dumpOptions } from "./dump-options.ts";
import { encryptionOptions } from "./encryption-options.ts";
import { engineOptions } from "./engine-options.ts";
import { extensionOptions } from "./extension-options.ts";
import { globalOptions } from "./global-options.ts";
import { initOptions } from "./init-options.ts";
import { mysqlConnectionOptions } from "./mysql-connection-options.ts";
import { mysqlConvertOptions, mysqlDefinerOptions } from "./mysql-definer-options.ts";
import { mysqlDumpOptions } from "./mysql-dump-options.ts";
import type { Option } from "./option.ts";
import { policyOptions } from "./policy-options.ts";
import { restoreOptions } from "./restore-options.ts";
import { retentionOptions } from "./retention-options.ts";
import { sampleOptions } from "./sample-options.ts";
import { selectionOptions } from "./selection-options.ts";
import { storageOptions } from "./storage-options.ts";
import { verifyOptions } from "./verify-options.ts";

/** Every option of the program. A name means the same in every command that takes it. */
export const options = [
  ...globalOptions,
  ...connectionOptions,
  ...mysqlConnectionOptions,
  ...backupOptions,
  ...clusterOptions,
  ...selectionOptions,
  ...dumpOptions,
  ...mysqlDumpOptions,
  ...mysqlDefinerOptions,
  ...mysqlConvertOptions,
  ...restoreOptions,
  ...extensionOptions,
  ...sampleOptions,
  ...engineOptions,
  ...encryptionOptions,
  ...verifyOptions,
  ...compareOptions,
  ...storageOptions,
  ...retentionOptions,
  ...policyOptions,
  ...initOptions,
  ...catalogueOptions,
  ...demoOptions,
] as const;

type Row = (typeof options)[number];

export type OptionName = Row["name"];
export type GlobalOptionName = (typeof globalOptions)[number]["name"];

type OneValue<O> = O extends { type: "flag" }
  ? boolean
  : O extends { type: "integer" | "size" | "duration" }
    ? number
    : O extends { type: "choice"; values: readonly (infer Word)[] }
      ? Word
      : string;

type Value<O> = O extends { repeatable: true } ? readonly OneValue<O>[] : OneValue<O>;

/** What was asked for, by option name; what nobody gave is missing. */
export type OptionValues = { readonly [O in Row as O["name"]]?: Value<O> };

const byName = new Map<string, Option>();
for (const option of options as readonly Option[]) {
  for (const name of [option.name, ...(option.aliases ?? [])]) {
    if (byName.has(name)) throw new Error(`two options are named --${name}`);
    byName.set(name, option);
  }
}

/** The option with this long name or alias. */
export function findOption(name: string): Option | undefined {
  return byName.get(name);
}

/** Every long name and alias. */
export const optionWords: readonly string[] = [...byName.keys()];
export const globalOptionNames: readonly GlobalOptionName[] = globalOptions.map((option) => option.name);
export const engineOptionNames: readonly OptionName[] = engineOptions.map((option) => option.name);
export const connectionOptionNames: readonly OptionName[] = connectionOptions.map((option) => option.name);
/** What only MySQL and MariaDB know of connecting; commands of PostgreSQL alone do not take them. */
export const mysqlConnectionOptionNames: readonly OptionName[] = mysqlConnectionOptions.map((option) => option.name);
export const backupOptionNames: readonly OptionName[] = backupOptions.map((option) => option.name);
export const mysqlDumpOptionNames: readonly OptionName[] = mysqlDumpOptions.map((option) => option.name);
export const mysqlDefinerOptionNames: readonly OptionName[] = mysqlDefinerOptions.map((option) => option.name);
export const dumpOptionNames: readonly OptionName[] = dumpOptions.map((option) => option.name);
export const restoreOptionNames: readonly OptionName[] = restoreOptions.map((option) => option.name);
export const sampleOptionNames: readonly OptionName[] = sampleOptions.map((option) => option.name);
