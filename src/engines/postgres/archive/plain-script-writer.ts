import type { Compression } from "../../../core/compression.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { Codec } from "../../../ports/codec.ts";
import { copyDataEnd } from "./archive-header.ts";
import type { ArchiveWriter, DataWriter, LargeObjectsWriter } from "./archive-writer.ts";
import { dropStatement } from "./drop-statement.ts";
import { EntryScript, sessionPreamble } from "./entry-script.ts";
import { openLargeObjectText } from "./large-object-text.ts";
import { type CompleteEntry, entryCompleter, type LateDefinitions } from "./late-definitions.ts";
import { isStatistics } from "./optimizer-statistics.ts";
import { inRestoreOrder } from "./restore-pass.ts";
import { checkRestrictKey, connectCommand, entryComment, oneLine, randomRestrictKey } from "./script-text.ts";
import { readSessionSettings } from "./session-settings.ts";
import { TextOutput } from "./text-output.ts";
import type { TocEntry } from "./toc-entry.ts";
import { type PartOptions, partChooser, type WantedParts } from "./wanted-parts.ts";

export interface PlainScriptOptions extends PartOptions {
  readonly sink: ByteSink;
  readonly codec: Codec;
  readonly compression: Compression;
  /** In the order of the table of contents. */
  readonly entries: readonly TocEntry[];
  /**
   * All entries, when `entries` are only those that stand first: gone through once, while they are printed. For a script that drops
   * nothing and has neither data nor late definitions.
   */
  readonly toCome?: Iterable<TocEntry>;
  /** Definitions that `entries` do not hold. */
  readonly lateDefinitions?: LateDefinitions | undefined;
  /** For the comment at the top. Binary strings. */
  readonly serverVersion: string;
  /** For the comment at the top: `dbbackup version 4.0.0`. */
  readonly dumpedBy: string;
  /** The server the script is for knows `transaction_timeout` (17 and newer). */
  readonly transactionTimeout: boolean;
  /** Drop everything first. */
  readonly clean: boolean;
  readonly ifExists: boolean;
  readonly noOwner: boolean;
  readonly noTablespaces?: boolean;
  readonly noTableAccessMethod?: boolean;
  readonly useSessionAuthorization?: boolean;
  /** Switch triggers off while rows are loaded: for data without definitions. */
  readonly disableTriggers?: boolean;
  /** Binary strings. */
  readonly superuser?: string;
  readonly role?: string;
  readonly enableRowSecurity?: boolean;
  /** Everything or nothing. */
  readonly singleTransaction?: boolean;
  /** What is printed of the entries, in their order. Default: what the options ask for. */
  readonly selected?: readonly PrintedEntry[];
  /** What stands in place of an entry's data. Default: the data, which the script then asks for. */
  readonly dataText?: (entry: TocEntry) => Iterable<string>;
  /** Letters and digits; random when not given. */
  readonly restrictKey?: string;
  readonly recycle?: (block: Buffer) => void;
}

export interface PrintedEntry {
  readonly entry: TocEntry;
  readonly parts: WantedParts;
}

/** Writes a script for psql, laid out as pg_dump 18 does, whose commands psql restricts to those of the script. */
export class PlainScriptWriter implements ArchiveWriter {
  readonly dataOrder: readonly number[];
  readonly #options: PlainScriptOptions;
  readonly #output: TextOutput;
  readonly #script: EntryScript;
  readonly #key: string;
  /** What is printed, in the order of the table of contents; unknown while it is to come. */
  readonly #selected: readonly PrintedEntry[];
  /** The same in the order of the script. */
  readonly #steps: Iterator<PrintedEntry, void>;
  readonly #preamble: string;
  readonly #conforming: boolean;
  readonly #complete: CompleteEntry;
  #open = false;
  /** The script has become whoever may switch triggers off. */

  private constructor(options: PlainScriptOptions) {
    this.#options = options;
    const { entries, toCome, transactionTimeout, role, enableRowSecurity = false } = options;
    this.#key = checkRestrictKey(options.restrictKey ?? randomRestrictKey());
    this.#output = new TextOutput({ ...options, recycle: options.recycle });
    const settings = readSessionSettings(entries);
    // Few ask for others.
    let byId: ReadonlyMap<number, TocEntry> | undefined;
    const entryOf = (id: number): TocEntry | undefined => {
      byId ??= new Map(entries.map((entry) => [entry.dumpId, entry]));
      return byId.get(id);
    };
    this.#script = new EntryScript({
      ...options,
      searchPath: settings.searchPath,
      entry: entryOf,
      tableAccessMethods: options.noTableAccessMethod !== true,
    });
    const session = { ...settings, transactionTimeout, role, enableRowSecurity };
    this.#conforming = settings.standardConformingStrings;
    this.#preamble = `${sessionPreamble(session).join("")}\n`;
    this.#selected = toCome === undefined ? (options.selected ?? [...allWanted(entries, options)]) : [];
    const steps = [...inRestoreOrder(this.#selected, ({ entry }) => entry)];
    this.#steps =
      toCome === undefined ? steps.values() : inRestoreOrder(allWanted(toCome, options), ({ entry }) => entry);
    this.#complete = entryCompleter(
      steps.map(({ entry }) => entry),
      options.lateDefinitions,
    );
    const asksForData = options.dataText === undefined;
    this.dataOrder = asksForData
      ? steps.filter(({ entry, parts }) => parts.data && entry.hadDumper).map(({ entry }) => entry.dumpId)
      : [];
  }

  /** @throws BackupError USAGE for a bad restrict key, UNSUPPORTED_OBJECT for a database name psql cannot connect to. */
  static async open(options: PlainScriptOptions): Promise<PlainScriptWriter> {
    const writer = new PlainScriptWriter(options);
    await writer.#begin();
    return writer;
  }

  async openTableData(dumpId: number): Promise<DataWriter> {
    const entry = await this.#openData(dumpId);
    await this.#printTriggers(entry, "DISABLE");
    await this.#output.text((this.#script.ownerSetting(entry) ?? "") + (entry.copy ?? ""));
    return {
      write: (block) => this.#output.block(block),
      end: async () => {
        if (entry.copy) await this.#output.text(copyDataEnd);
        await this.#printTriggers(entry, "ENABLE");
        this.#open = false;
      },
    };
  }

  async openLargeObjects(dumpId: number): Promise<LargeObjectsWriter> {
    await this.#openData(dumpId);
    const isWithin = this.#options.singleTransaction === true;
    if (!isWithin) await this.#output.text("BEGIN;\n\n");
    return {
      openObject: (oid) => openLargeObjectText(this.#output, oid, this.#conforming, this.#options.recycle),
      end: async () => {
        await this.#output.text(isWithin ? "" : "COMMIT;\n\n");
        this.#open = false;
      },
    };
  }

  async finish(): Promise<void> {
    if (this.#open) throw new Error("an entry's data is not ended");
    const missing = await this.#printUntilData();
    if (missing !== undefined) throw new Error(`the data of entry ${missing.dumpId} is missing`);
    if (this.#options.singleTransaction === true) await this.#output.text("COMMIT;\n\n");
    await this.#output.text(`--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict ${this.#key}\n\n`);
    await this.#output.end();
  }

  async #begin(): Promise<void> {
    const { serverVersion, dumpedBy, clean } = this.#options;
    await this.#output.text(`--\n-- PostgreSQL database dump\n--\n\n\\restrict ${this.#key}\n\n`);
    await this.#output.text(
      `-- Dumped from database version ${oneLine(serverVersion)}\n-- Dumped by ${oneLine(dumpedBy)}\n\n`,
    );
    if (this.#options.singleTransaction === true) await this.#output.text("BEGIN;\n\n");
    await this.#output.text(this.#preamble);
    if (clean) await this.#printDrops();
  }

  /** In reverse order of creation. With `create` the database is dropped as a whole. */
  async #printDrops(): Promise<void> {
    const { create, ifExists } = this.#options;
    for (const { entry } of this.#selected.toReversed()) {
      if (entry.drop === null || (create && entry.desc !== "DATABASE")) continue;
      await this.#output.text(this.#script.ownerSetting(entry) ?? "");
      await this.#output.text(this.#script.schemaSetting(entry.namespace) ?? "");
      await this.#output.text(dropStatement(entry, ifExists));
    }
    this.#script.forgetSchema();
  }

  /** Prints entries up to one with data, and answers it; undefined at the end. */
  async #printUntilData(): Promise<TocEntry | undefined> {
    for (let step = this.#steps.next(); step.done !== true; step = this.#steps.next()) {
      const { entry, parts } = step.value;
      const hasBlock = parts.data && entry.hadDumper;
      if (parts.definition || !hasBlock) {
        // Waiting for what is there already would cost more than all else about an entry.
        const complete = this.#complete(entry);
        const printed = this.#printEntry(complete instanceof Promise ? await complete : complete, prefixOf(entry));
        if (printed !== undefined) await printed;
      }
      if (!hasBlock) continue;
      const { dataText } = this.#options;
      if (dataText === undefined) return entry;
      await this.#printEntry(entry, "Data for ");
      for (const text of dataText(entry)) await this.#output.text(text);
    }
    return undefined;
  }

  async #openData(dumpId: number): Promise<TocEntry> {
    if (this.#open) throw new Error("the data of the entry before is not ended");
    const entry = await this.#printUntilData();
    if (entry?.dumpId !== dumpId) throw new Error(`data of entry ${dumpId} is out of order`);
    this.#open = true;
    await this.#printEntry(entry, "Data for ");
    return entry;
  }

  async #printTriggers(entry: TocEntry, state: "DISABLE" | "ENABLE"): Promise<void> {
    if (this.#options.disableTriggers !== true) return;
    for (const { sql } of this.#script.triggerSteps(entry, state)) await this.#output.text(sql);
  }

  /** Undefined when there is nothing to wait for. */
  #printEntry(entry: TocEntry, prefix: string): Promise<void> | undefined {
    let settings = "";
    let statements = "";
    for (const { kind, sql } of this.#script.steps(entry)) {
      if (kind === "setting") settings += sql;
      else statements += sql;
    }
    const printed = this.#output.text(settings + entryComment(entry, prefix, this.#options) + statements);
    const isDatabase = entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES";
    return isDatabase ? this.#printConnect(entry.tag, printed) : printed;
  }

  /** Goes on in the new database, or again in it so that its settings take effect. */
  async #printConnect(database: string, printed: Promise<void> | undefined): Promise<void> {
    await printed;
    await this.#output.text(`\\unrestrict ${this.#key}\n${connectCommand(database)}\\restrict ${this.#key}\n\n`);
    this.#script.reset();
    await this.#output.text(this.#preamble);
  }
}

/** Those of which the options want something. */
function* allWanted(entries: Iterable<TocEntry>, options: PartOptions): Generator<PrintedEntry, void> {
  const partsOf = partChooser(options);
  for (const entry of entries) {
    const parts = partsOf(entry);
    if (parts.definition || parts.data) yield { entry, parts };
  }
}

function prefixOf(entry: TocEntry): string {
  return isStatistics(entry) ? "Statistics for " : "";
}
