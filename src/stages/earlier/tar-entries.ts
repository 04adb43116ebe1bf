import { BackupError } from "../../core/backup-error.ts";
import type { TarEntry } from "../../ports/earlier-archives.ts";
import { ByteReader } from "../byte-reader.ts";

const BLOCK = 512;
/** Longest name or set of attributes that is written before an entry. */
const MAX_ATTRIBUTES = 64 << 10;

/**
 * The entries of a tar archive, front to back (POSIX ustar, GNU's long names, pax attributes). The bytes of each are to be read
 * before the next is asked for; what is left of them is passed over. Names are as they stand there: a stranger's.
 * @throws BackupError DAMAGED
 */
export async function* tarEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  try {
    let name: string | undefined;
    let size: number | undefined;
    for (;;) {
      const header = Buffer.alloc(BLOCK);
      const count = await reader.fill(header);
      if (count === 0) throw damaged("ends without its end mark");
      if (count < BLOCK) throw damaged("is cut off in a header");
      if (header.every((byte) => byte === 0)) {
        // What decompresses it reads to its own end only when it is asked to.
        while ((await reader.some(1 << 20)) !== undefined);
        return;
      }
      checkSum(header);
      const type = String.fromCharCode(header[156]!);
      const ownSize = numberAt(header, 124, 12);
      if (type === "L" || type === "x" || type === "g") {
        const text = await attributes(reader, ownSize);
        if (type === "L") name = text.replace(/\0.*/s, "");
        else if (type === "x") ({ name = name, size = size } = paxAttributes(text));
        continue;
      }
      const entry = { name: name ?? nameIn(header), kind: kindOf(type), size: size ?? ownSize };
      [name, size] = [undefined, undefined];
      const body = new Body(reader, entry.kind === "file" ? entry.size : 0);
      yield { ...entry, bytes: () => body.pieces() };
      await body.skip();
    }
  } finally {
    await reader.close();
  }
}

/** The bytes of an entry, and what fills its last block. */
class Body {
  readonly #reader: ByteReader;
  #left: number;
  readonly #padding: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  async *pieces(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left);
      if (piece === undefined) throw damaged("is cut off");
      this.#left -= piece.length;
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    }
  }

  async skip(): Promise<void> {
    for await (const _ of this.pieces());
    const padding = Buffer.alloc(this.#padding);
    if ((await this.#reader.fill(padding)) < this.#padding) throw damaged("is cut off");
  }
}

async function attributes(reader: ByteReader, size: number): Promise<string> {
  if (size > MAX_ATTRIBUTES) throw damaged(`names a file with ${size} bytes`);
  const padded = Buffer.alloc(Math.ceil(size / BLOCK) * BLOCK);
  if ((await reader.fill(padded)) < padded.length) throw damaged("is cut off");
  return padded.toString("utf8", 0, size);
}

/** Lines of `LENGTH NAME=VALUE`. */
function paxAttributes(text: string): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (const line of text.split("\n")) {
    const [, key, value] = /^\d+ ([^=]+)=(.*)$/s.exec(line) ?? [];
    if (key === "path" && value !== undefined) found.name = value;
    if (key === "size" && value !== undefined && /^\d{1,15}$/.test(value)) found.size = Number(value);
  }
  return found;
}

function nameIn(header: Buffer): string {
  const isPosix = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? textAt(header, 345, 155) : "";
  const name = textAt(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, at: number, length: number): string {
  const bytes = header.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? length : end);
}

/** Octal digits, or with the highest bit set a big-endian number, as GNU tar writes large ones. */
function numberAt(header: Buffer, at: number, length: number): number {
  if ((header[at]! & 0x80) !== 0) {
    const value = BigInt(`0x${header.toString("hex", at + 1, at + length)}`);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged("has an entry of an impossible size");
    return Number(value);
  }
  const text = textAt(header, at, length).trim();
  if (!/^[0-7]*$/.test(text)) throw damaged("has a header that is none");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function checkSum(header: Buffer): void {
  const recorded = numberAt(header, 148, 8);
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at]!;
  if (sum !== recorded) throw damaged("has a header that was changed, or is no tar archive");
}

function kindOf(type: string): TarEntry["kind"] {
  if (type === "0" || type === "\0" || type === "7") return "file";
  return type === "5" ? "folder" : "other";
}

function damaged(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the tar archive ${what}`,
    hint: "the file was cut off or changed; use another copy or an earlier backup",
  });
}
