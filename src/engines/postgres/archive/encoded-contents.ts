import type { ArchiveMinor } from "./archive-version.ts";
import { ByteBuilder } from "./byte-builder.ts";
import type { CustomContents } from "./custom-contents.ts";
import { encodeDependencies, encodeFacts } from "./encode-archive.ts";
import type { StagedOutput } from "./staged-output.ts";
import type { TocEntry } from "./toc-entry.ts";

/** Encoded entries are kept in pieces of about this size. */
const pieceBytes = 256 * 1024;
const none: readonly number[] = [];

/** Entries that lie one behind the other. */
interface Piece {
  readonly bytes: Buffer;
  readonly dumpIds: readonly number[];
  /** Where each ends in `bytes`. */
  readonly ends: readonly number[];
}

/**
 * The table of contents of an archive in custom format whose entries are encoded as they are made. How many they are stands before them, and
 * what they depend on is known behind the last: until then their bytes are kept, a third of what the entries would take, and without
 * giving the garbage collector anything to walk over.
 */
export class EncodedContents implements CustomContents {
  readonly dataOrder: number[] = [];
  readonly withCopy = new Set<number>();
  readonly #minor: ArchiveMinor;
  readonly #dependenciesOf: (dumpId: number, own: readonly number[]) => readonly number[];
  readonly #builder = new ByteBuilder(2 * pieceBytes);
  readonly #pieces: Piece[] = [];
  /** What entries say themselves that they depend on. */
  readonly #own = new Map<number, readonly number[]>();
  readonly #withData = new Set<number>();
  #dumpIds: number[] = [];
  #ends: number[] = [];
  #count = 0;

  /** @param dependenciesOf asked when all entries were added, for each of them */
  constructor(minor: ArchiveMinor, dependenciesOf: (dumpId: number, own: readonly number[]) => readonly number[]) {
    this.#minor = minor;
    this.#dependenciesOf = dependenciesOf;
  }

  add(entry: TocEntry): void {
    const { dumpId, dependencies } = entry;
    encodeFacts(this.#builder, entry, this.#minor);
    this.#dumpIds.push(dumpId);
    this.#ends.push(this.#builder.length);
    this.#count += 1;
    if (dependencies.length > 0) this.#own.set(dumpId, dependencies);
    if (entry.copy !== null) this.withCopy.add(dumpId);
    if (entry.hadDumper) {
      this.dataOrder.push(dumpId);
      this.#withData.add(dumpId);
    }
    if (this.#builder.length >= pieceBytes) this.#endPiece();
  }

  async write(output: StagedOutput): Promise<void> {
    this.#endPiece();
    const { builder } = output;
    builder.int(this.#count);
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      let start = 0;
      for (const [index, dumpId] of piece.dumpIds.entries()) {
        const end = piece.ends[index]!;
        builder.bytes(piece.bytes.subarray(start, end));
        encodeDependencies(builder, this.#dependenciesOf(dumpId, this.#own.get(dumpId) ?? none));
        builder.unknownOffset(this.#withData.has(dumpId));
        start = end;
        if (output.isDue) await output.flush();
      }
    }
  }

  #endPiece(): void {
    const bytes = Buffer.allocUnsafeSlow(this.#builder.length);
    this.#builder.view().copy(bytes);
    this.#pieces.push({ bytes, dumpIds: this.#dumpIds, ends: this.#ends });
    this.#builder.clear();
    this.#dumpIds = [];
    this.#ends = [];
  }
}
