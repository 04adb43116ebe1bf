import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PiecewiseFeed } from "../net/piecewise-feed.ts";
import type { ReadSink, Transport } from "../net/transport.ts";
import { CopyOutPieces } from "./collect-copy-out.ts";
import type { CopyOutConsumer, CopyOutStep } from "./copy-out-consumer.ts";
import { MessageLink } from "./message-link.ts";
import { MessageType } from "./messages/message-type.ts";

/** Gives prepared bytes as a socket does: asks for the next space as soon as it delivered, also when told to stop. */
class ReplayTransport implements Transport {
  readonly kind = "tcp";
  #left: Buffer;
  readonly #cuts: readonly number[];
  #step = 0;
  #sink: ReadSink | undefined;
  #space: Uint8Array | undefined;
  #isReading = false;

  constructor(bytes: Buffer, cuts: readonly number[]) {
    this.#left = bytes;
    this.#cuts = cuts;
  }

  setSink(sink: ReadSink): void {
    this.#sink = sink;
  }

  resume(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    queueMicrotask(() => this.#read());
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.#left = Buffer.alloc(0);
  }

  #read(): void {
    this.#space ??= this.#sink!.space();
    while (this.#isReading && this.#left.length > 0) {
      const wanted = this.#cuts[this.#step++ % this.#cuts.length]!;
      const count = Math.min(wanted, this.#space.length, this.#left.length);
      this.#space.set(this.#left.subarray(0, count));
      this.#left = this.#left.subarray(count);
      this.#isReading = this.#sink!.received(count);
      this.#space = this.#sink!.space();
    }
    // A socket that does not read does not see the end either.
    if (this.#isReading && this.#left.length === 0) this.#sink!.ended();
  }
}

/** Gives memory of its own, as TLS does. */
class ChunkTransport implements Transport {
  readonly kind = "tls";
  readonly #chunks: Buffer[] = [];
  readonly #feed = new PiecewiseFeed();
  #sink: ReadSink | undefined;
  #isReading = false;

  constructor(bytes: Buffer, cuts: readonly number[]) {
    for (let at = 0, step = 0; at < bytes.length; step++) {
      const length = cuts[step % cuts.length]!;
      this.#chunks.push(bytes.subarray(at, at + length));
      at += length;
    }
  }

  setSink(sink: ReadSink): void {
    this.#sink = sink;
  }

  resume(): void {
    if (!this.#feed.resume(() => this.#sink!) || this.#isReading) return;
    this.#isReading = true;
    queueMicrotask(() => {
      while (this.#isReading && this.#chunks.length > 0) {
        this.#isReading = this.#feed.push(this.#chunks.shift()!, () => this.#sink!);
      }
      if (this.#isReading && this.#chunks.length === 0) this.#sink!.ended();
    });
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.#chunks.length = 0;
  }
}

/** Small spaces of varying length, and a pause now and then. */
class PausingConsumer implements CopyOutConsumer {
  readonly #inner: CopyOutPieces;
  readonly #spaces: readonly number[];
  #step = 0;

  constructor(take: (piece: Buffer) => void, spaces: readonly number[]) {
    this.#inner = new CopyOutPieces(take);
    this.#spaces = spaces;
  }

  space(): Uint8Array {
    return this.#inner.space().subarray(0, this.#spaces[this.#step % this.#spaces.length]);
  }

  received(count: number): CopyOutStep {
    const step = this.#inner.received(count);
    const pauses = this.#spaces[this.#step++ % this.#spaces.length]! % 2 === 0;
    return step.kind === "more" && pauses ? { kind: "pause", until: nextTurn() } : step;
  }
}

type Item =
  | { readonly kind: "row"; readonly body: Uint8Array }
  | { readonly kind: "held-row"; readonly body: Uint8Array }
  | { readonly kind: "copy"; readonly parts: readonly CopyPart[] };
type CopyPart = { readonly kind: "data" | "notice"; readonly body: Uint8Array };

const body = fc.uint8Array({ maxLength: 60 });
const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constantFrom("row" as const, "held-row" as const), body }),
  fc.record({
    kind: fc.constant("copy" as const),
    parts: fc.array(fc.record({ kind: fc.constantFrom("data" as const, "data" as const, "notice" as const), body })),
  }),
);
const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });

function message(type: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([header, content]);
}

function encode(items: readonly Item[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      if (item.kind === "row") return [message(MessageType.dataRow, item.body)];
      if (item.kind === "held-row") return [message(MessageType.commandComplete, item.body)];
      const parts = item.parts.map(({ kind, body: content }) =>
        message(kind === "data" ? MessageType.copyData : MessageType.noticeResponse, content),
      );
      return [
        message(MessageType.copyOutResponse, Buffer.alloc(3)),
        ...parts,
        message(MessageType.copyDone, Buffer.alloc(0)),
      ];
    }),
  );
}

/** What a handler and the consumers should have seen, in order; the data of one copy joined. */
function expected(items: readonly Item[]): string[] {
  return items.flatMap((item) => {
    if (item.kind !== "copy") return [`${item.kind} ${hex(item.body)}`];
    const data = hex(
      Buffer.concat(item.parts.filter(({ kind }) => kind === "data").map(({ body: content }) => content)),
    );
    const notices = item.parts
      .filter(({ kind }) => kind === "notice")
      .map(({ body: content }) => `notice ${hex(content)}`);
    return [...notices, `copy ${data}`];
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

async function replay(transport: Transport, spaces: readonly number[]): Promise<string[]> {
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  let copied: Buffer[] = [];
  const link: MessageLink = new MessageLink(transport, {
    onMessage: ({ type, buffer, bodyStart, bodyEnd }) => {
      const content = buffer.toString("hex", bodyStart, bodyEnd);
      if (type === MessageType.dataRow) seen.push(`row ${content}`);
      if (type === MessageType.noticeResponse) seen.push(`notice ${content}`);
      if (type === MessageType.commandComplete) {
        seen.push(`held-row ${content}`);
        link.hold(nextTurn());
      }
      if (type === MessageType.copyOutResponse) {
        copied = [];
        link.startCopyOut(new PausingConsumer((piece) => copied.push(Buffer.from(piece)), spaces));
      }
      if (type === MessageType.copyDone) {
        seen.push(`copy ${hex(Buffer.concat(copied))}`);
        link.endCopyOut();
      }
    },
    onEnd: (error) => (error === undefined ? ended.resolve() : ended.reject(error)),
  });
  link.setAuthenticated();
  await ended.promise;
  return seen;
}

describe("a message link", () => {
  test("gives messages and copy data in order, however the bytes are cut and whoever pauses", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyItem, { maxLength: 12 }), sizes, sizes, async (items, cuts, spaces) => {
        const bytes = encode(items);
        expect(await replay(new ReplayTransport(bytes, cuts), spaces)).toEqual(expected(items));
        expect(await replay(new ChunkTransport(bytes, cuts), spaces)).toEqual(expected(items));
      }),
      { numRuns: 300 },
    );
  });

  test("ends with the error of a handler", async () => {
    const ended = Promise.withResolvers<[Error | undefined, boolean]>();
    const link = new MessageLink(new ReplayTransport(encode([{ kind: "row", body: new Uint8Array(2) }]), [3]), {
      onMessage: () => {
        throw new Error("mine");
      },
      onEnd: (error, isOurs) => ended.resolve([error, isOurs]),
    });
    link.setAuthenticated();
    expect(await ended.promise).toEqual([new Error("mine"), true]);
  });
});
