import type { Compression } from "../../../core/compression.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { Codec } from "../../../ports/codec.ts";
import { qualified, quoteConformingLiteral } from "../sql/quote.ts";
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
import { type PartOptions, type WantedParts, wantedParts } from "./wanted-parts.ts";

export interface PlainScriptOptions extends PartOptions {
  readonly sink: ByteSink;
  readonly codec: Codec;
  readonly compression: Compression;
  /** In the order of the table of contents. */
  readonly entries: readonly TocEntry[];
  /** Definitions that `entries` do not hold. */
  readonly lateDefinitions?: LateDefinitions;
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
  /** While rows are loaded. */
  readonly disableTriggers?: boolean;
  /** Who switches them off; default: whoever runs the script. */
  readonly superuser?: string;
  /** What stands in place of an entry's data. Default: the data, which the script then asks for. */
  readonly dataText?: (entry: TocEntry) => Iterable<string>;
  /** Letters and digits; random when not given. */
  readonly restrictKey?: string;
  readonly recycle?: (block: Buffer) => void;
}

/** Writes a script for psql, laid out as pg_dump 18 does, whose commands psql restricts to those of the script. */
export class PlainScriptWriter implements ArchiveWriter {
  readonly dataOrder: readonly number[];
  readonly #options: PlainScriptOptions;
  readonly #output: TextOutput;
  readonly #script: EntryScript;
  readonly #key: string;
  readonly #steps: readonly { readonly entry: TocEntry; readonly parts: WantedParts }[];
  readonly #preamble: string;
  readonly #complete: CompleteEntry;
  #next = 0;
  #open = false;
  /** The script has become whoever may switch triggers off. */
  #isSuperuser = false;

  private constructor(options: PlainScriptOptions) {
    this.#options = options;
    const { entries, noOwner, transactionTimeout } = options;
    this.#key = checkRestrictKey(options.restrictKey ?? randomRestrictKey());
    this.#output = new TextOutput({ ...options, recycle: options.recycle });
    const settings = readSessionSettings(entries);
    const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
    this.#script = new EntryScript({
      noOwner,
      noTablespaces: options.noTablespaces === true,
      tableAccessMethods: options.noTableAccessMethod !== true,
      searchPath: settings.searchPath,
      entry: (id) => byId.get(id),
    });
    this.#preamble = `${sessionPreamble({ ...settings, transactionTimeout }).join("")}\n`;
    this.#steps = inRestoreOrder(entries)
      .map((entry) => ({ entry, parts: wantedParts(entry, options) }))
      .filter(({ parts }) => parts.definition || parts.data);
    this.#complete = entryCompleter(
      this.#steps.map(({ entry }) => entry),
      options.lateDefinitions,
    );
    const asksForData = options.dataText === undefined;
    this.dataOrder = this.#steps
      .filter(({ entry, parts }) => asksForData && parts.data && entry.hadDumper)
      .map(({ entry }) => entry.dumpId);
  }

  /** @throws BackupError USAGE for a bad restrict key, UNSUPPORTED_OBJECT for a database name psql cannot connect to. */
  static async open(options: PlainScriptOptions): Promise<PlainScriptWriter> {
    const writer = new PlainScriptWriter(options);
    await writer.#begin();
    return writer;
  }

  async openTableData(dumpId: number): Promise<DataWriter> {
    const entry = await this.#openData(dumpId);
    await this.#output.text(this.#triggers(entry, "DISABLE") + (entry.copy ?? ""));
    return {
      write: (block) => this.#output.block(block),
      end: async () => {
        await this.#output.text((entry.copy ? copyDataEnd : "") + this.#triggers(entry, "ENABLE"));
        this.#open = false;
      },
    };
  }

  async openLargeObjects(dumpId: number): Promise<LargeObjectsWriter> {
    await this.#openData(dumpId);
    await this.#output.text("BEGIN;\n\n");
    return {
      openObject: (oid) => openLargeObjectText(this.#output, oid, this.#options.recycle),
      end: async () => {
        await this.#output.text("COMMIT;\n\n");
        this.#open = false;
      },
    };
  }

  async finish(): Promise<void> {
    if (this.#open) throw new Error("an entry's data is not ended");
    const missing = await this.#printUntilData();
    if (missing !== undefined) throw new Error(`the data of entry ${missing.dumpId} is missing`);
    await this.#output.text(`--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict ${this.#key}\n\n`);
    await this.#output.end();
  }

  async #begin(): Promise<void> {
    const { serverVersion, dumpedBy, clean } = this.#options;
    await this.#output.text(`--\n-- PostgreSQL database dump\n--\n\n\\restrict ${this.#key}\n\n`);
    await this.#output.text(
      `-- Dumped from database version ${oneLine(serverVersion)}\n-- Dumped by ${oneLine(dumpedBy)}\n\n`,
    );
    await this.#output.text(this.#preamble);
    if (clean) await this.#printDrops();
  }

  /** In reverse order of creation. With `create` the database is dropped as a whole. */
  async #printDrops(): Promise<void> {
    const { entries, create, ifExists } = this.#options;
    for (const entry of entries.toReversed()) {
      const { definition, data } = wantedParts(entry, this.#options);
      if (entry.drop === null || !(definition || data) || (create && entry.desc !== "DATABASE")) continue;
      await this.#output.text(this.#script.schemaSetting(entry.namespace) ?? "");
      await this.#output.text(dropStatement(entry, ifExists));
    }
    this.#script.forgetSchema();
  }

  /** Prints entries up to one with data, and answers it; undefined at the end. */
  async #printUntilData(): Promise<TocEntry | undefined> {
    for (; this.#next < this.#steps.length; this.#next++) {
      const { entry, parts } = this.#steps[this.#next]!;
      const hasBlock = parts.data && entry.hadDumper;
      if (parts.definition || !hasBlock) await this.#printEntry(await this.#complete(entry), prefixOf(entry));
      if (!hasBlock) continue;
      const { dataText } = this.#options;
      if (dataText === undefined) {
        this.#next += 1;
        return entry;
      }
      await this.#printEntry(entry, "Data for ");
      for (const text of dataText(entry)) await this.#output.text(text);
    }
    return undefined;
  }

  /** Around the rows of a table. */
  #triggers(entry: TocEntry, word: "DISABLE" | "ENABLE"): string {
    const { disableTriggers, superuser } = this.#options;
    if (disableTriggers !== true) return "";
    const become = `SET SESSION AUTHORIZATION ${superuser === undefined ? "DEFAULT" : quoteConformingLiteral(superuser)};\n\n`;
    const role = this.#isSuperuser ? "" : become;
    this.#isSuperuser = true;
    return `${role}ALTER TABLE ${qualified(entry.namespace, entry.tag)} ${word} TRIGGER ALL;\n\n`;
  }

  async #openData(dumpId: number): Promise<TocEntry> {
    if (this.#open) throw new Error("the data of the entry before is not ended");
    const entry = await this.#printUntilData();
    if (entry?.dumpId !== dumpId) throw new Error(`data of entry ${dumpId} is out of order`);
    this.#open = true;
    await this.#printEntry(entry, "Data for ");
    return entry;
  }

  async #printEntry(entry: TocEntry, prefix: string): Promise<void> {
    const steps = this.#script.steps(entry);
    const text = (isSetting: boolean): string =>
      steps
        .filter(({ kind }) => (kind === "setting") === isSetting)
        .map(({ sql }) => sql)
        .join("");
    const { noOwner, noTablespaces } = this.#options;
    const announced = noTablespaces === true ? { ...entry, tablespace: null } : entry;
    await this.#output.text(text(true) + entryComment(announced, prefix, noOwner) + text(false));
    const isDatabase = entry.desc === "DATABASE" || entry.desc === "DATABASE PROPERTIES";
    if (isDatabase) await this.#printConnect(entry.tag);
  }

  /** Goes on in the new database, or again in it so that its settings take effect. */
  async #printConnect(database: string): Promise<void> {
    await this.#output.text(`\\unrestrict ${this.#key}\n${connectCommand(database)}\\restrict ${this.#key}\n\n`);
    this.#script.reset();
    await this.#output.text(this.#preamble);
  }
}

function prefixOf(entry: TocEntry): string {
  return isStatistics(entry) ? "Statistics for " : "";
}
