import { setImmediate as nextTurn } from "node:timers/promises";
import type { Transport } from "../../net/transport.ts";
import { copyDone, copyFail } from "../messages/frontend-messages.ts";
import { Exchange, type ExchangeControl } from "./exchange.ts";
import { rowsOfTag } from "./rows-of-tag.ts";

const headerLength = 5;
const copyDataType = 0x64;
/** Smaller writes are gathered up to this, so that a caller's small pieces do not each cost a system call. */
const gatherLength = 256 * 1024;
/** The body of one CopyData message is cut here: the server gathers each message in memory. */
const maxBody = 1024 * 1024;

/**
 * After so much the event loop gets its turn: while the server takes bytes as fast as we give them no write ever waits,
 * and neither the server's error nor a signal would be seen.
 */
const turnLength = 4 * 1024 * 1024;

/** Where a copy gathers what it sends. */
export function copyBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(headerLength + gatherLength);
}

/** COPY ... FROM STDIN under way. Calls must not overlap. */
export interface CopyIn {
  /**
   * Sends bytes of the data stream, cut anywhere. Resolves when the memory may be used again.
   * @throws the server's error as soon as it said one; data after that is of no use.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the data; the count of rows as the server says it. */
  end(): Promise<{ readonly rows: number }>;
  /** Gives up: the server undoes the copy. Resolves when it did; the server's error about it is swallowed. */
  fail(reason: string): Promise<void>;
}

export class CopyInExchange extends Exchange<{ readonly rows: number }> implements CopyIn {
  readonly #transport: Transport;
  readonly #ready = Promise.withResolvers<CopyIn>();
  readonly #gathered: Buffer;
  #gatheredLength = 0;
  #sentInTurn = 0;
  #state: "starting" | "open" | "ended" = "starting";

  /**
   * @param gathered of {@link copyBuffer}. One serves all copies of a session, one after the other: when the server answers
   * that it waits for rows, it has read all that was sent before.
   */
  constructor(statement: string, control: ExchangeControl, transport: Transport, gathered: Buffer) {
    super(statement, control);
    this.#transport = transport;
    this.#gathered = gathered;
    // An outcome that fails early is told by the next write or end, or by `ready`.
    this.outcome.then(
      () => this.#ready.reject(new Error("a statement that does not copy from the client was sent to copyIn")),
      (error: Error) => this.#ready.reject(error),
    );
  }

  /** Resolves when the server waits for data. */
  get ready(): Promise<CopyIn> {
    return this.#ready.promise;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#checkOpen();
    if (this.#gatheredLength + bytes.length <= gatherLength) {
      this.#gathered.set(bytes, headerLength + this.#gatheredLength);
      this.#gatheredLength += bytes.length;
      return;
    }
    await this.#flush();
    if (bytes.length <= gatherLength / 2) return this.write(bytes);
    for (let at = 0; at < bytes.length; at += maxBody) {
      const body = bytes.subarray(at, at + maxBody);
      void this.#transport.write(copyDataHeader(body.length));
      await this.#send(body);
    }
  }

  async end(): Promise<{ readonly rows: number }> {
    await this.#checkOpen();
    await this.#flush();
    this.#state = "ended";
    // After an error the server ignores it; before, nothing else ends the copy.
    this.control.send(copyDone());
    return this.outcome;
  }

  async fail(reason: string): Promise<void> {
    if (this.#state === "open") {
      this.#state = "ended";
      this.control.send(copyFail(reason.replaceAll("\0", "")));
    }
    await this.outcome.catch(() => {});
  }

  protected override onCopyIn(): void {
    this.#state = "open";
    this.#ready.resolve(this);
  }

  protected override result(): { readonly rows: number } {
    return { rows: rowsOfTag(this.commandTag) };
  }

  /** Once the server failed the copy it reads on only to throw the data away: tell the caller instead. */
  async #checkOpen(): Promise<void> {
    if (this.hasFailed) {
      this.#state = "ended";
      await this.outcome;
    }
    if (this.#state !== "open") throw new Error("the copy has ended");
  }

  async #flush(): Promise<void> {
    if (this.#gatheredLength === 0) return;
    copyDataHeader(this.#gatheredLength).copy(this.#gathered);
    const bytes = this.#gathered.subarray(0, headerLength + this.#gatheredLength);
    this.#gatheredLength = 0;
    await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    await this.#transport.write(bytes);
    this.#sentInTurn += bytes.length;
    if (this.#sentInTurn < turnLength) return;
    this.#sentInTurn = 0;
    await nextTurn();
  }
}

function copyDataHeader(bodyLength: number): Buffer {
  const header = Buffer.allocUnsafe(headerLength);
  header[0] = copyDataType;
  header.writeUInt32BE(bodyLength + 4, 1);
  return header;
}
