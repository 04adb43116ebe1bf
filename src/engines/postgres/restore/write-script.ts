import type { Codec } from "../../../ports/codec.ts";
import type { ScriptOutput, ScriptRequest, ScriptResult, TableKey } from "../../../ports/restore.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { serverVersionNumber } from "../../../wire/postgres/server-version.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import type { LargeObjectsBlock, TableDataBlock } from "../archive/data-block.ts";
import { PlainScriptWriter } from "../archive/plain-script-writer.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { wantedKinds } from "../archive/wanted-parts.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";
import { type ArchivePlan, entryName } from "./archive-plan.ts";
import type { BlockSource } from "./block-source.ts";
import { passRows } from "./checked-rows.ts";
import { nameEncoder } from "./name-encoder.ts";
import { RestoreProgress } from "./restore-progress.ts";

export interface ScriptSource {
  readonly reader: ArchiveReader;
  readonly codec: Codec;
  readonly blocks: BlockSource;
  readonly plan: ArchivePlan;
  readonly decode: NameDecoder;
}

/** Writes an archive, or what is chosen of it, as a script for psql, block by block. */
export async function writeScript(
  source: ScriptSource,
  request: ScriptRequest,
  output: ScriptOutput,
): Promise<ScriptResult> {
  const { reader, blocks, plan } = source;
  const copier = new DataCopier(source, request, output);
  const writer = await openWriter(source, request, output);
  for (const dumpId of writer.dataOrder) {
    output.signal.throwIfAborted();
    const entry = reader.entry(dumpId)!;
    const block = await blocks.open(dumpId);
    if (block.kind === "large-objects") await copier.copyObjects(block, writer);
    else await copier.copyTable(block, entry, writer);
  }
  await writer.finish();
  await blocks.finish();
  const { rows, bytes } = copier.progress;
  return { entries: plan.entries.length, rows, bytes, largeObjects: copier.largeObjects };
}

function openWriter(
  { reader, codec, plan, decode }: ScriptSource,
  request: ScriptRequest,
  { sink }: ScriptOutput,
): Promise<PlainScriptWriter> {
  const { header, entries } = reader;
  const { superuser, role, ...options } = request;
  const encode = nameEncoder(decode);
  const partsOf = new Map(plan.entries.map(({ entry, parts }) => [entry.dumpId, parts]));
  return PlainScriptWriter.open({
    ...options,
    ...(superuser === undefined ? {} : { superuser: encode(superuser) }),
    ...(role === undefined ? {} : { role: encode(role) }),
    sink,
    codec,
    compression: { method: "none", level: 0 },
    entries,
    selected: plan.selected.map((entry) => ({ entry, parts: partsOf.get(entry.dumpId)! })),
    serverVersion: header.serverVersion,
    dumpedBy: header.dumperVersion.startsWith("dbbackup")
      ? header.dumperVersion
      : `pg_dump version ${header.dumperVersion}`,
    transactionTimeout: serverVersionNumber(header.serverVersion) >= 170_000,
    disableTriggers: request.disableTriggers === true && !wantedKinds(request).schema,
  });
}

/** Moves data from the archive into the script, checked against the metadata. */
class DataCopier {
  readonly progress: RestoreProgress;
  largeObjects = 0;
  readonly #source: ScriptSource;
  readonly #request: ScriptRequest;
  readonly #signal: AbortSignal;
  readonly #scanner = new RowScanner();

  constructor(source: ScriptSource, request: ScriptRequest, { progress, signal }: ScriptOutput) {
    this.#source = source;
    this.#request = request;
    this.#signal = signal;
    this.progress = new RestoreProgress(progress);
  }

  async copyTable(block: TableDataBlock, entry: TocEntry, writer: PlainScriptWriter): Promise<void> {
    const { decode } = this.#source;
    const object = `${entry.desc} "${entryName(entry, decode)}"`;
    this.progress.start(object);
    const data = await writer.openTableData(entry.dumpId);
    const write = async (bytes: Uint8Array): Promise<void> => {
      this.#signal.throwIfAborted();
      await data.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    };
    const { rows, bytes } = entry.copy
      ? await this.#copyRows(block, entry, write)
      : await this.#copyStatements(block, write);
    await data.end();
    this.progress.end(object, rows, bytes);
  }

  #copyRows(block: TableDataBlock, entry: TocEntry, write: (bytes: Uint8Array) => Promise<void>) {
    const { decode } = this.#source;
    const key: TableKey = `${decode(entry.namespace ?? "")}\0${decode(entry.tag)}`;
    this.#scanner.reset();
    return passRows(
      {
        chunks: block.chunks(),
        hasEndLine: true,
        scanner: this.#scanner,
        expected: this.#request.expectedRows?.get(key),
        table: entryName(entry, decode),
        onBytes: (count) => this.progress.addBytes(count),
      },
      write,
    );
  }

  /** Rows as INSERT statements: nobody counted them. */
  async #copyStatements(block: TableDataBlock, write: (bytes: Uint8Array) => Promise<void>) {
    let bytes = 0;
    for await (const chunk of block.chunks()) {
      await write(chunk);
      bytes += chunk.length;
      this.progress.addBytes(chunk.length);
    }
    return { rows: 0, bytes };
  }

  async copyObjects(block: LargeObjectsBlock, writer: PlainScriptWriter): Promise<void> {
    const objects = await writer.openLargeObjects(block.dumpId);
    for await (const { oid, chunks } of block.objects()) {
      const object = await objects.openObject(oid);
      for await (const chunk of chunks()) {
        this.#signal.throwIfAborted();
        this.progress.addBytes(chunk.length);
        await object.write(chunk);
      }
      await object.end();
      this.largeObjects += 1;
    }
    await objects.end();
  }
}
