import type { Compression } from "../../../core/compression.ts";
import type { Codec } from "../../../ports/codec.ts";
import type { DumpedTable, FolderOutput } from "../../../ports/dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { type Announcement, announcementLine, type DirectoryHead } from "../directory/announcements.ts";
import {
  type DirectoryKind,
  type DirectoryObject,
  dataFileName,
  INDEX_FILE,
  objectNumber,
  writeDirectoryIndex,
} from "../directory/directory-index.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { RowHistory } from "../objects/row-history.ts";
import { StoredCodeWriter } from "../objects/stored-code.ts";
import { writeHistograms } from "../objects/write-histograms.ts";
import { writeSequence } from "../objects/write-sequence.ts";
import { DefinerChanger } from "../script/definer-changer.ts";
import { lateObjects, tableText, writeDatabase } from "./database-objects.ts";
import { DefinitionLocks } from "./definition-locks.ts";
import { DirectoryTable, type TablePart } from "./directory-table.ts";
import {
  countedEntries,
  type DumpedDatabase,
  type DumpRun,
  expectedTables,
  wantsRows,
  wantsSchema,
} from "./dump-run.ts";
import { historiesOf } from "./histories-of.ts";
import { planRanges } from "./plan-ranges.ts";
import { dumpTitle, shortFoot, shortHead } from "./script-frame.ts";
import { ScriptWriter } from "./script-writer.ts";
import { isInSnapshots } from "./snapshot/read-unprotected.ts";
import { notIncludedIn } from "./tables-not-included.ts";
import { TaskQueue } from "./task-queue.ts";
import { findTypedJson } from "./typed-json.ts";

export interface DirectoryOptions {
  readonly codec: Codec;
  readonly compression: Compression;
}

/** What a connection reads with. */
interface Lane {
  readonly session: MysqlConnection;
  readonly scanner: InsertScanner;
  readonly locks: DefinitionLocks;
}

const MiB = 1024 * 1024;
/** Plain bytes of a data file, about. */
const CHUNK_BYTES = 64 * MiB;
/** What a part takes on the server's disk, at most and at least: its lines may be somewhat longer, and not two files then. */
const PART_BYTES = 48 * MiB;
export const SMALLEST_PART_BYTES = 16 * MiB;
/** Of all that there is: so that no session is left alone with a large part at the end. */
const PARTS_PER_SESSION = 4;

/** Writes a database as a folder of files, with as many sessions as the snapshot has. */
export async function dumpDirectory(
  run: DumpRun,
  output: FolderOutput,
  options: DirectoryOptions,
): Promise<DumpedDatabase> {
  const dump = new DirectoryDump(run, output, options);
  dump.announceHead();
  await dump.writeEarlyObjects();
  await dump.writeTables();
  if (wantsSchema(run)) await dump.writeLateObjects();
  if (run.options.columnStatistics) await dump.writeStatistics();
  const notIncluded = await notIncludedIn(run, ({ name }) => dump.keepsHistory(name));
  await dump.writeIndex();
  run.telling.end();
  return { tables: dump.dumped(), entries: dump.entries(), notIncluded };
}

class DirectoryDump {
  readonly tables: readonly Relation[];
  readonly #run: DumpRun;
  readonly #output: FolderOutput;
  readonly #options: DirectoryOptions;
  readonly #objects: DirectoryObject[] = [];
  readonly #head: string;
  readonly #lanes: readonly Lane[];
  /** Of all tables on the server's disk, as it estimates them. */
  readonly #bytes: number;
  #histories: ReadonlyMap<string, RowHistory> = new Map();

  constructor(run: DumpRun, output: FolderOutput, options: DirectoryOptions) {
    this.#run = run;
    this.#output = output;
    this.#options = options;
    this.#head = shortHead(dumpTitle(run));
    this.tables = run.relations.filter(({ kind }) => kind === "table");
    this.#bytes = this.tables.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#lanes = run.snapshot.sessions.map((session) => ({
      session,
      scanner: new InsertScanner(session.transport),
      locks: new DefinitionLocks(session),
    }));
  }

  /** Somebody may restore it while it is written. */
  announceHead(): void {
    this.#announce({ kind: "head", head: this.#indexHead(), tables: this.tables.map(({ name }) => name) });
  }

  async writeEarlyObjects(): Promise<void> {
    const { database, relations, options, snapshot } = this.#run;
    if (!wantsSchema(this.#run)) return;
    await this.#addObject("database", database, (writer) => writeDatabase(this.#run, writer));
    for (const { kind, name } of relations) {
      if (kind !== "sequence") continue;
      await this.#addObject("sequence", name, (writer) =>
        writeSequence(snapshot.sessions[0]!, name, writer, options.drops),
      );
    }
    for (const number of this.#objects.keys()) this.#announceObject(number);
  }

  /** What no snapshot holds comes first, while others wait for us; then the largest. */
  async writeTables(): Promise<void> {
    const { telling, snapshot } = this.#run;
    this.#histories = await historiesOf(this.#run, this.tables);
    telling.begin(expectedTables(this.#run, this.tables));
    const number = new Map(this.tables.map((table, index) => [table, this.#objects.length + index]));
    for (const { name } of this.tables) this.#objects.push({ kind: "table", name });
    const inOrder = this.tables.toSorted(
      (a, b) => Number(isInSnapshots(a.engine)) - Number(isInSnapshots(b.engine)) || b.bytes - a.bytes,
    );
    let unprotected = inOrder.filter(({ engine }) => !isInSnapshots(engine)).length;
    if (unprotected === 0) await snapshot.unlock();
    const queue: TaskQueue<Lane> = new TaskQueue(
      inOrder.map((table) => async (lane) => {
        await this.#writeTable(queue, lane, table, number.get(table)!);
        if (isInSnapshots(table.engine)) return;
        unprotected--;
        if (unprotected === 0) await snapshot.unlock();
      }),
    );
    await queue.run(this.#lanes, async () => {
      await Promise.all(this.#lanes.map(({ session }) => session.close()));
    });
    for (const { locks } of this.#lanes) await locks.release();
  }

  async writeLateObjects(): Promise<void> {
    const { defaults, options, snapshot } = this.#run;
    const definers = new DefinerChanger(options.definer, snapshot.sessions[0]!);
    for await (const { kind, name, table, before, shown } of lateObjects(this.#run)) {
      const more = table === undefined ? {} : { table };
      await this.#addObject(
        kind,
        name,
        async (writer) => {
          if (shown === undefined) return await writer.write(before);
          const code = new StoredCodeWriter(writer, defaults.collation, definers);
          await code.write(shown, [before]);
          await code.end();
        },
        more,
      );
    }
  }

  async writeStatistics(): Promise<void> {
    const { database, source, snapshot } = this.#run;
    await this.#addObject("statistics", database, (writer) =>
      writeHistograms(snapshot.sessions[0]!, database, this.tables, source.facts, writer),
    );
  }

  async writeIndex(): Promise<void> {
    const file = await this.#output.createFile(INDEX_FILE);
    await writeDirectoryIndex({ ...this.#indexHead(), objects: this.#objects }, file);
    await file.end();
    this.#announce({ kind: "index" });
  }

  #indexHead(): DirectoryHead {
    const { source, database, defaults, dumperVersion } = this.#run;
    return {
      tool: dumperVersion,
      flavour: source.facts.flavour,
      server_version: source.facts.versionText,
      database,
      character_set: defaults.charset,
      collation: defaults.collation,
      compression: this.#options.compression.method,
    };
  }

  #announce(announcement: Announcement): void {
    this.#output.announce?.(announcementLine(announcement));
  }

  #announceObject(number: number): void {
    this.#announce({ kind: "object", number, object: this.#objects[number]! });
  }

  /** How many objects of each kind there are. */
  entries(): { readonly type: string; readonly count: number }[] {
    return countedEntries(this.#objects.map(({ kind }) => kind));
  }

  /** By name. */
  dumped(): DumpedTable[] {
    const { database } = this.#run;
    return this.#objects.flatMap(({ name, data }) => {
      if (data === undefined) return [];
      const { rows, bytes, checksum } = data;
      const dumped = { schema: database, name, rows, bytes, checksum };
      return [this.keepsHistory(name) ? { ...dumped, hasHistory: true } : dumped];
    });
  }

  keepsHistory(table: string): boolean {
    return this.#histories.has(table);
  }

  /** The definition, and rows: those of a large table in parts for whoever has time. */
  async #writeTable(queue: TaskQueue<Lane>, lane: Lane, table: Relation, number: number): Promise<void> {
    await lane.locks.before(table);
    if (wantsSchema(this.#run)) {
      const text = await tableText(this.#run, lane.session, table);
      const schema = await this.#writeSchema("table", number, (writer) => writer.write(...text));
      this.#objects[number] = { ...this.#objects[number]!, schema };
      this.#announceObject(number);
    }
    if (!wantsRows(this.#run, table)) return;
    const { source, options, telling } = this.#run;
    const looks = source.facts.capabilities.recursionIntoJson && !options.rows.jsonAsText;
    const json = looks ? await findTypedJson(lane.session, table) : undefined;
    const sampled = this.#run.sample?.get(table.name)?.ranges;
    const history = this.#histories.get(table.name);
    const isWhole = this.#lanes.length === 1 || sampled !== undefined || history !== undefined;
    const ranges = isWhole ? [] : await this.#rangesOf(lane, table);
    const all = ranges.length < 2 ? [{ condition: undefined, range: undefined, ranges: sampled }] : ranges;
    // Values whose types their text does not tell are few, and come in files of their own.
    const parts: TablePart[] = all.map((part) => ({ ...part, json: json?.others }));
    if (json !== undefined) {
      const { columns: literals, typed } = json;
      parts.push({ condition: undefined, range: undefined, ranges: sampled, json: typed, literals });
    }
    const rows = this.#tableRows(table, number, parts.length);
    telling.objectStart(table.name);
    const [first, ...others] = parts;
    if (others.length === 0) return await rows.writePart(lane, 0, first!);
    queue.addFirst(
      parts.map((one, part) => async (other) => {
        await other.locks.before(table);
        await rows.writePart(other, part, one);
      }),
    );
  }

  async #rangesOf({ session }: Lane, table: Relation): Promise<Awaited<ReturnType<typeof planRanges>>> {
    const share = Math.ceil(this.#bytes / (PARTS_PER_SESSION * this.#lanes.length));
    const usual = Math.min(PART_BYTES, Math.max(SMALLEST_PART_BYTES, share));
    return await planRanges(session, this.#run.database, table, this.#run.options.chunkSize ?? usual);
  }

  #tableRows(table: Relation, number: number, parts: number): DirectoryTable {
    const { compression, codec } = this.#options;
    const { where, chunkSize = CHUNK_BYTES } = this.#run.options;
    let chunk = 0;
    const nextName = (): string => {
      chunk++;
      return dataFileName(number, chunk, compression.method);
    };
    return new DirectoryTable(table, parts, {
      files: { output: this.#output, codec, compression, nextName },
      chunkBytes: chunkSize,
      where,
      history: this.#histories.get(table.name),
      onBytes: (count) => this.#run.telling.addBytes(count),
      onChunk: (columns, written) =>
        this.#announce({ kind: "chunk", number, table: table.name, columns, chunk: written }),
      onEnd: (data) => {
        this.#objects[number] = { ...this.#objects[number]!, data };
        this.#announce({ kind: "rows", number });
        this.#run.telling.objectEnd(table.name, data.rows, data.bytes);
      },
    });
  }

  async #addObject(
    kind: DirectoryKind,
    name: string,
    write: (writer: ScriptWriter) => Promise<void>,
    more: Pick<DirectoryObject, "table"> = {},
  ): Promise<void> {
    const schema = await this.#writeSchema(kind, this.#objects.length, write);
    this.#objects.push({ kind, name, ...more, schema });
  }

  async #writeSchema(
    kind: DirectoryKind,
    number: number,
    write: (writer: ScriptWriter) => Promise<void>,
  ): Promise<DirectoryObject["schema"]> {
    const name = `${objectNumber(number)}.${kind}.sql`;
    const file = await this.#output.createFile(name);
    const writer = new ScriptWriter(file);
    await writer.write(this.#head);
    await write(writer);
    await writer.write(shortFoot());
    await writer.flush();
    return { file: name, ...(await file.end()) };
  }
}
