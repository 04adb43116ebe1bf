import { BackupError } from "../../../core/backup-error.ts";
import { nearest } from "../../../core/nearest.ts";
import { parseVaultSecret, vaultSecretForm } from "../../../core/vault-secret.ts";
import type { Option } from "../options/option.ts";
import type { OptionValues } from "../options/options.ts";
import { readOptionValue } from "../read-option-value.ts";
import {
  configSections,
  type DatabasesSection,
  databasesKey,
  hasDatabases,
  passwordKey,
  profilesSection,
  replicasSection,
  reservedSections,
} from "./config-keys.ts";

/** What a configuration file says, by the names of options. */
export interface ConfigValues {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Rules of single databases, by section and name: options of `[retention.databases.NAME]`. */
  readonly databaseRules: DatabaseRules;
  /** Names of the profiles that are in it. */
  readonly profiles: readonly string[];
}

export type DatabaseRules = Readonly<Record<DatabasesSection, ReadonlyMap<string, OptionValues>>>;

/** What the sections of a file, or of one of its profiles, say. */
interface Sections {
  readonly values: Record<string, unknown>;
  readonly databaseRules: Readonly<Record<DatabasesSection, Map<string, OptionValues>>>;
}

export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Table = Readonly<Record<string, unknown>>;

/**
 * Reads a configuration file. All of it is checked, also the profiles that are not asked for.
 * @param profile whose values go before those of the file's other sections
 * @throws BackupError CONFIG with the place and what to do
 */
export async function parseConfig(
  { path, text }: ConfigText,
  profile: string | undefined,
  environment: Environment,
): Promise<ConfigValues> {
  const reader = new ConfigReader(path, environment);
  const document = await reader.parse(text);
  const { [profilesSection]: profiles = {}, ...common } = document;
  const base = reader.sections(common, "");
  const byName = new Map(
    Object.entries(reader.table(profiles, profilesSection)).map(([name, table]) => {
      const place = `${profilesSection}.${name}`;
      return [name, reader.sections(reader.table(table, place), `${place}.`)];
    }),
  );
  const names = [...byName.keys()];
  if (profile === undefined) return { path, ...base, profiles: names };
  const chosen = byName.get(profile);
  if (chosen === undefined) throw reader.noProfile(profile, names);
  return {
    path,
    values: { ...withoutContradicted(base.values, chosen.values), ...chosen.values },
    databaseRules: {
      retention: new Map([...base.databaseRules.retention, ...chosen.databaseRules.retention]),
      policies: new Map([...base.databaseRules.policies, ...chosen.databaseRules.policies]),
    },
    profiles: names,
  };
}

class ConfigReader {
  readonly #path: string;
  readonly #environment: Environment;

  constructor(path: string, environment: Environment) {
    this.#path = path;
    this.#environment = environment;
  }

  async parse(text: string): Promise<Table> {
    const { parse, TomlError } = await import("smol-toml");
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [first = ""] = error.message.split("\n");
      throw this.#wrong(`line ${error.line}, column ${error.column}: ${first}`, "write it as TOML: https://toml.io");
    }
  }

  table(value: unknown, place: string): Table {
    if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
      return value as Table;
    }
    throw this.#wrong(`"${place}" is no table`, `write [${place}], and its keys below`);
  }

  /** @param prefix of the places in messages: empty, or that of a profile */
  sections(document: Table, prefix: string): Sections {
    const values: Record<string, unknown> = {};
    const databaseRules = { retention: new Map<string, OptionValues>(), policies: new Map<string, OptionValues>() };
    for (const [section, content] of Object.entries(document)) {
      if (section === replicasSection) {
        values["replica"] = this.#replicas(content, prefix + section);
        continue;
      }
      const keys = configSections.get(section);
      if (keys === undefined) throw this.#unknownSection(section, prefix);
      for (const [key, value] of Object.entries(this.table(content, prefix + section))) {
        const place = `${prefix}${section}.${key}`;
        if (hasDatabases(section) && key === databasesKey) {
          for (const [name, rules] of Object.entries(this.table(value, place))) {
            databaseRules[section].set(name, this.#rules(rules, keys, `${place}.${name}`));
          }
          continue;
        }
        if (section === passwordKey.section && key === passwordKey.key)
          Object.assign(values, this.#password(value, place));
        else this.#readKey(keys, key, value, place, values);
      }
    }
    return { values, databaseRules };
  }

  noProfile(profile: string, there: readonly string[]): BackupError {
    const hint = there.length === 0 ? "it has no profiles" : `it has ${there.join(", ")}`;
    return this.#wrong(`there is no profile "${profile}"`, hint);
  }

  #rules(rules: unknown, keys: ReadonlyMap<string, Option>, place: string): OptionValues {
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(this.table(rules, place))) {
      this.#readKey(keys, key, value, `${place}.${key}`, values);
    }
    return values;
  }

  #readKey(
    keys: ReadonlyMap<string, Option>,
    key: string,
    value: unknown,
    place: string,
    values: Record<string, unknown>,
  ): void {
    const option = keys.get(key);
    if (option === undefined) throw this.#unknownKey(key, keys.keys(), place);
    if (option.type === "flag") {
      if (typeof value !== "boolean") throw this.#wrong(`"${place}" is neither true nor false`, undefined);
      if (value) values[option.name] = true;
    } else if (option.repeatable === true) {
      const all = Array.isArray(value) ? value : [value];
      values[option.name] = all.map((one) => this.#value(option, one, place));
    } else {
      values[option.name] = this.#value(option, value, place);
    }
  }

  #value(option: Option, value: unknown, place: string): unknown {
    const text = this.#text(value, place);
    try {
      return readOptionValue(option, text, `"${place}"`);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      throw this.#wrong(error.message, error.hint);
    }
  }

  /** A text or number, or `{ env = "NAME" }`. */
  #text(value: unknown, place: string): string {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    if (typeof value === "object" && value !== null && "env" in value && Object.keys(value).length === 1) {
      return this.#variable(value.env, place);
    }
    throw this.#wrong(`"${place}" is neither a text nor a number`, undefined);
  }

  #variable(name: unknown, place: string): string {
    const value = typeof name === "string" ? this.#environment[name] : undefined;
    if (value !== undefined && value !== "") return value;
    throw this.#wrong(
      `"${place}" is to come from the environment variable "${String(name)}", which is not set`,
      "set it",
    );
  }

  #password(value: unknown, place: string): Record<string, string> {
    const hint = `write { file = "PATH" }, which only you can read, { env = "NAME" }, or { vault = "${vaultSecretForm}" }`;
    if (typeof value !== "object" || value === null) throw this.#wrong(`"${place}" is a secret in the clear`, hint);
    const entries = Object.entries(value);
    const [[kind, what] = ["", undefined]] = entries;
    if (entries.length === 1 && kind === "file" && typeof what === "string" && what !== "")
      return { "password-file": what };
    if (entries.length === 1 && kind === "vault" && typeof what === "string") {
      if (parseVaultSecret(what) !== undefined) return { "password-vault": what };
      throw this.#wrong(`"${place}" names no secret of Vault: "${what}"`, `write { vault = "${vaultSecretForm}" }`);
    }
    if (entries.length === 1 && kind === "env") return { password: this.#variable(what, place) };
    throw this.#wrong(`"${place}" says not where the password is`, hint);
  }

  #replicas(value: unknown, place: string): string[] {
    const hint = `write [[${place}]], and url = "..." below`;
    if (!Array.isArray(value)) throw this.#wrong(`"${place}" is no list of tables`, hint);
    return value.map((entry) => {
      const { url, ...others } = this.table(entry, place);
      const [other] = Object.keys(others);
      if (other !== undefined) throw this.#unknownKey(other, ["url"], `${place}.${other}`);
      if (url === undefined) throw this.#wrong(`one of "${place}" has no url`, hint);
      const text = this.#text(url, `${place}.url`);
      if (text !== "") return text;
      throw this.#wrong(`"${place}.url" is empty`, hint);
    });
  }

  #unknownSection(section: string, prefix: string): BackupError {
    if (reservedSections.includes(section)) {
      return this.#wrong(`section "${prefix}${section}" is not built yet`, "leave it out");
    }
    const guess = nearest(section, [...configSections.keys(), replicasSection, profilesSection]);
    return this.#wrong(
      `section "${prefix}${section}" means nothing`,
      guess === undefined ? '"dbbackup config schema" has all of them' : `did you mean "${guess}"?`,
    );
  }

  #unknownKey(key: string, known: Iterable<string>, place: string): BackupError {
    const all = [...known];
    const guess = nearest(key, all);
    return this.#wrong(
      `"${place}" means nothing`,
      guess === undefined ? `there is ${all.join(", ")}` : `did you mean "${guess}"?`,
    );
  }

  #wrong(message: string, hint: string | undefined): BackupError {
    return new BackupError({
      code: "CONFIG",
      message: `the configuration file cannot be used: ${message}`,
      object: this.#path,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** What a profile says of the server replaces all that the file says of which server it is. */
function withoutContradicted(
  base: Readonly<Record<string, unknown>>,
  chosen: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const left = otherServer(chosen) ? withoutServer(base) : { ...base };
  if (passwordOptions.some((name) => name in chosen)) for (const name of passwordOptions) delete left[name];
  return left;
}

const serverOptions = ["url", "host", "socket"];
const passwordOptions = ["password", "password-file", "password-vault"];

/** Whether values name a server. */
export function otherServer(values: Readonly<Record<string, unknown>>): boolean {
  return serverOptions.some((name) => name in values);
}

/** Without what says which server it is, and who logs in there: a password must not reach another one. */
export function withoutServer(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const gone = new Set([...serverOptions, "port", "db-type", "user", ...passwordOptions]);
  return Object.fromEntries(Object.entries(values).filter(([name]) => !gone.has(name)));
}
