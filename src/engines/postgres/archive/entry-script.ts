import { qualified, quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import { forEachLargeObject, largeObjectPrivileges } from "./large-object-statements.ts";
import { hasOwner, ownerStatement } from "./owned-object.ts";
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

  constructor(options: EntryScriptOptions) {
    this.#options = options;
  }

  /** The session is a new one: nothing is set yet. */
  reset(): void {
    this.forgetSchema();
    this.#tablespace = undefined;
    this.#accessMethod = undefined;
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
    if (entry.relkind === "p" && entry.tableAccessMethod && this.#hasAccessMethods) {
      const table = qualified(entry.namespace, entry.tag);
      const method = quoteIdentifier(entry.tableAccessMethod);
      steps.push({ kind: "access-method", sql: `ALTER TABLE ${table} SET ACCESS METHOD ${method};\n\n` });
    }
    return steps;
  }

  /** The settings that the entry needs and that are not so yet. */
  settings(entry: TocEntry): EntryStep[] {
    const statements = [this.schemaSetting(entry.namespace), this.#tablespaceSetting(entry.tablespace)];
    // A partitioned table has no storage: the setting would not be kept, so it is altered afterwards.
    if (entry.relkind !== "p") statements.push(this.#accessMethodSetting(entry.tableAccessMethod));
    return statements.filter((sql) => sql !== undefined).map((sql) => ({ kind: "setting", sql }));
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
    if (this.#options.noOwner || !hasOwner(entry)) return undefined;
    if (entry.desc !== "BLOB METADATA") return ownerStatement(entry);
    return forEachLargeObject(entry, "ALTER LARGE OBJECT ", ` OWNER TO ${quoteIdentifier(entry.owner)}`);
  }
}

export interface PreambleOptions {
  readonly encoding: string;
  readonly standardConformingStrings: boolean;
  readonly searchPath: string | null;
  /** Whether the server knows `transaction_timeout` (17 and newer). */
  readonly transactionTimeout: boolean;
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
    ...(options.searchPath === null ? [] : [options.searchPath]),
    "SET check_function_bodies = false;\n",
    "SET xmloption = content;\n",
    "SET client_min_messages = warning;\n",
    ...(options.standardConformingStrings ? [] : ["SET escape_string_warning = off;\n"]),
    "SET row_security = off;\n",
  ];
}
