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
 * @throws BackupError CONFIG with the place and what to do; several mistakes are its details
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
  const byName = reader.profiles(profiles);
  reader.expectRight();
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
  readonly #mistakes: BackupError[] = [];

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

  /** @throws BackupError CONFIG when something that was read so far is wrong */
  expectRight(): void {
    const [first, second] = this.#mistakes;
    if (first === undefined) return;
    if (second === undefined) throw this.#wrong(first.message, first.hint);
    const all = this.#mistakes.map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`));
    throw this.#wrong(`${all.length} things are wrong`, "correct each, or leave it out", all);
  }

  profiles(value: unknown): ReadonlyMap<string, Sections> {
    const profiles = new Map<string, Sections>();
    this.#each(value, profilesSection, (name, table) => {
      const place = `${profilesSection}.${name}`;
      profiles.set(name, this.sections(table, `${place}.`, place));
    });
    return profiles;
  }

  /**
   * @param prefix of the places in messages: empty, or that of a profile
   * @param name of the profile
   */
  sections(document: unknown, prefix: string, name = ""): Sections {
    const values: Record<string, unknown> = {};
    const databaseRules = { retention: new Map<string, OptionValues>(), policies: new Map<string, OptionValues>() };
    this.#each(document, name, (section, content) => {
      if (section === replicasSection) values["replica"] = this.#replicas(content, prefix + section);
      else this.#section(section, content, prefix, { values, databaseRules });
    });
    return { values, databaseRules };
  }

  #section(section: string, content: unknown, prefix: string, { values, databaseRules }: Sections): void {
    const keys = configSections.get(section);
    if (keys === undefined) throw this.#unknownSection(section, prefix);
    const hasPassword = section === passwordKey.section;
    this.#each(content, prefix + section, (key, value) => {
      const place = `${prefix}${section}.${key}`;
      if (hasDatabases(section) && key === databasesKey) {
        this.#each(value, place, (name, rules) => {
          databaseRules[section].set(name, this.#rules(rules, keys, `${place}.${name}`));
        });
      } else if (hasPassword && key === passwordKey.key) Object.assign(values, this.#password(value, place));
      else if (keys.has(key)) this.#readKey(keys.get(key)!, value, place, values);
      else throw this.#unknownKey(key, [...keys.keys(), ...(hasPassword ? [passwordKey.key] : [])], place);
    });
  }

  /** What is wrong with one entry of a table keeps nobody from reading the next. */
  #each(value: unknown, place: string, read: (key: string, value: unknown) => void): void {
    this.#noting(() => {
      for (const [key, entry] of Object.entries(this.#table(value, place))) this.#noting(() => read(key, entry));
    });
  }

  #noting(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      this.#mistakes.push(error);
    }
  }

  #table(value: unknown, place: string): Table {
    if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
      return value as Table;
    }
    throw this.#mistake(`"${place}" is no table`, `write [${place}], and its keys below`);
  }

  noProfile(profile: string, there: readonly string[]): BackupError {
    const hint = there.length === 0 ? "it has no profiles" : `it has ${there.join(", ")}`;
    return this.#wrong(`there is no profile "${profile}"`, hint);
  }

  #rules(rules: unknown, keys: ReadonlyMap<string, Option>, place: string): OptionValues {
    const values: Record<string, unknown> = {};
    this.#each(rules, place, (key, value) => {
      const option = keys.get(key);
      if (option === undefined) throw this.#unknownKey(key, [...keys.keys()], `${place}.${key}`);
      this.#readKey(option, value, `${place}.${key}`, values);
    });
    return values;
  }

  #readKey(option: Option, value: unknown, place: string, values: Record<string, unknown>): void {
    if (option.type === "flag") {
      if (typeof value !== "boolean") throw this.#mistake(`"${place}" is neither true nor false`, undefined);
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
      throw this.#mistake(error.message, error.hint);
    }
  }

  /** A text or number, or `{ env = "NAME" }`. */
  #text(value: unknown, place: string): string {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    if (typeof value === "object" && value !== null && "env" in value && Object.keys(value).length === 1) {
      return this.#variable(value.env, place);
    }
    throw this.#mistake(`"${place}" is neither a text nor a number`, undefined);
  }

  #variable(name: unknown, place: string): string {
    const value = typeof name === "string" ? this.#environment[name] : undefined;
    if (value !== undefined && value !== "") return value;
    throw this.#mistake(
      `"${place}" is to come from the environment variable "${String(name)}", which is not set`,
      "set it",
    );
  }

  #password(value: unknown, place: string): Record<string, string> {
    const hint = `write { file = "PATH" }, which only you can read, { env = "NAME" }, or { vault = "${vaultSecretForm}" }`;
    if (typeof value !== "object" || value === null) throw this.#mistake(`"${place}" is a secret in the clear`, hint);
    const entries = Object.entries(value);
    const [[kind, what] = ["", undefined]] = entries;
    if (entries.length === 1 && kind === "file" && typeof what === "string" && what !== "")
      return { "password-file": what };
    if (entries.length === 1 && kind === "vault" && typeof what === "string") {
      if (parseVaultSecret(what) !== undefined) return { "password-vault": what };
      throw this.#mistake(`"${place}" names no secret of Vault: "${what}"`, `write { vault = "${vaultSecretForm}" }`);
    }
    if (entries.length === 1 && kind === "env") return { password: this.#variable(what, place) };
    throw this.#mistake(`"${place}" says not where the password is`, hint);
  }

  #replicas(value: unknown, place: string): string[] {
    const hint = `write [[${place}]], and url = "..." below`;
    if (!Array.isArray(value)) throw this.#mistake(`"${place}" is no list of tables`, hint);
    return value.map((entry) => {
      const { url, ...others } = this.#table(entry, place);
      const [other] = Object.keys(others);
      if (other !== undefined) throw this.#unknownKey(other, ["url"], `${place}.${other}`);
      if (url === undefined) throw this.#mistake(`one of "${place}" has no url`, hint);
      const text = this.#text(url, `${place}.url`);
      if (text !== "") return text;
      throw this.#mistake(`"${place}.url" is empty`, hint);
    });
  }

  #unknownSection(section: string, prefix: string): BackupError {
    if (reservedSections.includes(section)) {
      return this.#mistake(`section "${prefix}${section}" is not built yet`, "leave it out");
    }
    const guess = nearest(section, [...configSections.keys(), replicasSection, profilesSection]);
    return this.#mistake(
      `section "${prefix}${section}" means nothing`,
      guess === undefined ? '"dbbackup config schema" has all of them' : `did you mean "${guess}"?`,
    );
  }

  #unknownKey(key: string, known: readonly string[], place: string): BackupError {
    const guess = nearest(key, known);
    return this.#mistake(
      `"${place}" means nothing`,
      guess === undefined ? `there is ${known.join(", ")}` : `did you mean "${guess}"?`,
    );
  }

  /** What is wrong, without the beginning of the message. */
  #mistake(message: string, hint: string | undefined): BackupError {
    return new BackupError({ code: "CONFIG", message, object: this.#path, ...(hint === undefined ? {} : { hint }) });
  }

  #wrong(message: string, hint: string | undefined, details: readonly string[] = []): BackupError {
    return new BackupError({
      code: "CONFIG",
      message: `the configuration file cannot be used: ${message}`,
      object: this.#path,
      details,
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
