import { qualified, quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import { forEachLargeObject, largeObjectPrivileges } from "./large-object-statements.ts";
import { hasOwner, ownerStatement } from "./owned-object.ts";
import { isPrivileges } from "./restore-pass.ts";
import type { TocEntry } from "./toc-entry.ts";

/** SQL of one step of an entry, with the line ends that follow it in a script. */
export interface EntryStep {
  /** `setting` steps are printed before the comment that announces the entry. */
  readonly kind: "setting" | "definition" | "owner" | "access-method";
  readonly sql: string;
}

export interface EntryScriptOptions {
  readonly noOwner: boolean;
  readonly noTablespaces?: boolean;
  /** Become the owner before an object is created, instead of giving it away afterwards. */
  readonly useSessionAuthorization?: boolean;
  /** The session is one of ours, in which nobody became another one yet. */
  readonly isLoggedIn?: boolean;
  /** Binary string: who may switch triggers off. Default: who has logged in. */
  readonly superuser?: string;
  /** False for servers before 12, which have none. Default: true. */
  readonly tableAccessMethods?: boolean;
  /** Null in archives before 1.13: names are then not qualified, and each entry needs its schema in the path. */
  readonly searchPath: string | null;
  /** Of the whole archive. */
  readonly entry: (dumpId: number) => TocEntry | undefined;
}

/**
 * How entries are carried out, whether printed as a script or sent to a server: which settings they need first (told only
 * when they change), their definition, who owns them. Holds what the session's settings are.
 */
export class EntryScript {
  readonly #options: EntryScriptOptions;
  #schema: string | undefined;
  #tablespace: string | undefined;
  #accessMethod: string | undefined;
  /** Who the session was made to be; empty: who logged in; undefined: not known. */
  #user: string | undefined;

  constructor(options: EntryScriptOptions) {
    this.#options = options;
    this.#user = options.isLoggedIn === true ? "" : undefined;
  }

  /** The session is a new one: nothing is set yet. */
  reset(): void {
    this.forgetSchema();
    this.#tablespace = undefined;
    this.#accessMethod = undefined;
    this.#user = undefined;
  }

  /** After dropping objects the schema that the search path names may be gone. */
  forgetSchema(): void {
    this.#schema = undefined;
  }

  /** All that creates the entry, in order. */
  steps(entry: TocEntry): EntryStep[] {
    const steps = this.settings(entry);
    const definition = this.#definition(entry);
    if (definition !== "") steps.push({ kind: "definition", sql: definition });
    const owner = this.#owner(entry);
    if (owner !== undefined) steps.push({ kind: "owner", sql: owner });
    // Privileges that others granted are granted in their name.
    if (isPrivileges(entry)) this.#user = undefined;
    if (entry.relkind === "p" && entry.tableAccessMethod && this.#hasAccessMethods) {
      const table = qualified(entry.namespace, entry.tag);
      const method = quoteIdentifier(entry.tableAccessMethod);
      steps.push({ kind: "access-method", sql: `ALTER TABLE ${table} SET ACCESS METHOD ${method};\n\n` });
    }
    return steps;
  }

  /** The settings that the entry needs and that are not so yet. */
  settings(entry: TocEntry): EntryStep[] {
    const steps: EntryStep[] = [];
    addSetting(steps, this.ownerSetting(entry));
    addSetting(steps, this.schemaSetting(entry.namespace));
    addSetting(steps, this.#tablespaceSetting(entry.tablespace));
    // A partitioned table has no storage: the setting would not be kept, so it is altered afterwards.
    if (entry.relkind !== "p") addSetting(steps, this.#accessMethodSetting(entry.tableAccessMethod));
    return steps;
  }

  /** With `useSessionAuthorization`: becomes the owner of what follows. */
  ownerSetting({ owner }: TocEntry): string | undefined {
    const { noOwner, useSessionAuthorization } = this.#options;
    return noOwner || useSessionAuthorization !== true ? undefined : this.#become(owner ?? "");
  }

  /** Switches the triggers of a table with rows off, or on again: the superuser's to do. */
  triggerSteps({ namespace, tag }: TocEntry, state: "DISABLE" | "ENABLE"): EntryStep[] {
    const become = this.#become(this.#options.superuser ?? "");
    const sql = `ALTER TABLE ${qualified(namespace, tag)} ${state} TRIGGER ALL;\n\n`;
    return [...(become === undefined ? [] : [{ kind: "setting" as const, sql: become }]), { kind: "definition", sql }];
  }

  #become(user: string): string | undefined {
    if (user === this.#user) return undefined;
    this.#user = user;
    return `SET SESSION AUTHORIZATION ${user === "" ? "DEFAULT" : quoteLiteral(user)};\n\n`;
  }

  /** For old archives, whose names are not qualified. */
  schemaSetting(schema: string | null): string | undefined {
    if (this.#options.searchPath !== null || schema === null || schema === "" || schema === this.#schema) {
      return undefined;
    }
    this.#schema = schema;
    const path = schema === "pg_catalog" ? schema : `${quoteIdentifier(schema)}, pg_catalog`;
    return `SET search_path = ${path};\n\n`;
  }

  #tablespaceSetting(tablespace: string | null): string | undefined {
    if (this.#options.noTablespaces === true || tablespace === null || tablespace === this.#tablespace)
      return undefined;
    this.#tablespace = tablespace;
    return `SET default_tablespace = ${tablespace === "" ? "''" : quoteIdentifier(tablespace)};\n\n`;
  }

  #accessMethodSetting(method: string | null): string | undefined {
    if (!this.#hasAccessMethods || method === null || method === this.#accessMethod) return undefined;
    this.#accessMethod = method;
    return `SET default_table_access_method = ${quoteIdentifier(method)};\n\n`;
  }

  get #hasAccessMethods(): boolean {
    return this.#options.tableAccessMethods ?? true;
  }

  #definition(entry: TocEntry): string {
    const { desc, tag, definition } = entry;
    if (definition === null || definition === "") return "";
    // Very old archives name the owner in CREATE SCHEMA.
    if (desc === "SCHEMA" && this.#options.noOwner && !definition.startsWith("--")) {
      return `CREATE SCHEMA ${quoteIdentifier(tag)};\n\n\n`;
    }
    if (desc === "BLOB METADATA") return forEachLargeObject(entry, "SELECT pg_catalog.lo_create('", "')");
    if (desc === "ACL" && tag.startsWith("LARGE OBJECTS")) {
      return largeObjectPrivileges(entry, this.#options.entry(entry.dependencies[0] ?? 0));
    }
    return `${definition}\n\n`;
  }

  #owner(entry: TocEntry): string | undefined {
    const { noOwner, useSessionAuthorization } = this.#options;
    if (noOwner || useSessionAuthorization === true || !hasOwner(entry)) return undefined;
    if (entry.desc !== "BLOB METADATA") return ownerStatement(entry);
    return forEachLargeObject(entry, "ALTER LARGE OBJECT ", ` OWNER TO ${quoteIdentifier(entry.owner)}`);
  }
}

function addSetting(steps: EntryStep[], sql: string | undefined): void {
  if (sql !== undefined) steps.push({ kind: "setting", sql });
}

export interface PreambleOptions {
  readonly encoding: string;
  readonly standardConformingStrings: boolean;
  readonly searchPath: string | null;
  /** Whether the server knows `transaction_timeout` (17 and newer). */
  readonly transactionTimeout: boolean;
  /** Binary string: the role to become. */
  readonly role?: string | undefined;
  /** Let policies decide, instead of failing where there are some. */
  readonly enableRowSecurity?: boolean;
}

/** Settings at the start of every session that restores. */
export function sessionPreamble(options: PreambleOptions): string[] {
  return [
    "SET statement_timeout = 0;\n",
    "SET lock_timeout = 0;\n",
    "SET idle_in_transaction_session_timeout = 0;\n",
    ...(options.transactionTimeout ? ["SET transaction_timeout = 0;\n"] : []),
    `SET client_encoding = ${quoteLiteral(options.encoding)};\n`,
    `SET standard_conforming_strings = ${options.standardConformingStrings ? "on" : "off"};\n`,
    ...(options.role === undefined ? [] : [`SET ROLE ${quoteIdentifier(options.role)};\n`]),
    ...(options.searchPath === null ? [] : [options.searchPath]),
    "SET check_function_bodies = false;\n",
    "SET xmloption = content;\n",
    "SET client_min_messages = warning;\n",
    ...(options.standardConformingStrings ? [] : ["SET escape_string_warning = off;\n"]),
    `SET row_security = ${options.enableRowSecurity === true ? "on" : "off"};\n`,
  ];
}
