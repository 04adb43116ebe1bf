import { randomBytes } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import { Deadline, unlessAborted } from "../net/deadline.ts";
import { Fifo } from "../net/fifo.ts";
import { shownText } from "../net/shown-text.ts";
import type { Transport } from "../net/transport.ts";
import type { MysqlChannel } from "./auth/channel.ts";
import { ServerStatus } from "./capability.ts";
import { cannotConnect, connectionLost, interrupted } from "./connection-faults.ts";
import { describeHost, type MysqlConnectionSpec } from "./connection-spec.ts";
import { type Established, establish } from "./establish.ts";
import { type ExchangeControl, type OfferedFile, QueryExchange, type RowReceiver } from "./exchanges/query-exchange.ts";
import { type Column, type Outcome, rowValues } from "./exchanges/result-set.ts";
import type { Greeting } from "./handshake.ts";
import type { PacketLink } from "./packet-link.ts";
import { fileContentBytes } from "./packets/packets-of-file.ts";

/** How long the request to kill a query may take. */
const cancelMs = 3000;
const commandQuit = 0x01;
const queryCommand = Buffer.from([0x03]);
const discarded: RowReceiver = { row: () => undefined };
/** What of a statement is shown in messages. */
const shownLength = 200;

/** Values by the names of their columns, as UTF-8. */
export type Row = Readonly<Record<string, string | null>>;

export interface MysqlResult extends Outcome {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
}

/**
 * One session with a MySQL or MariaDB server, over the text protocol. Statements wait for each other: servers throw away
 * what comes before they asked for it.
 */
export class MysqlConnection implements AsyncDisposable {
  readonly greeting: Greeting;
  readonly channel: MysqlChannel;
  /** With the address that answered: another session with it goes to the same server. */
  readonly spec: MysqlConnectionSpec;

  readonly #link: PacketLink;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting = new Fifo<{ readonly send: () => Promise<void>; readonly exchange: QueryExchange }>();
  #running: QueryExchange | undefined;
  #status = 0;
  /** Why nothing can be sent any more. */
  #over: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #abortListener = (): void => this.#onAbort();

  /**
   * Connects and logs in.
   * @param options.signal aborting kills what runs on the server and ends the connection; what is pending rejects with INTERRUPTED
   * @throws BackupError CONNECT, AUTH, PROTOCOL, INTERRUPTED
   */
  static async connect(
    spec: MysqlConnectionSpec,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<MysqlConnection> {
    const { host } = spec;
    using deadline = new Deadline(spec.connectTimeoutMs, () => timedOut(spec), signal);
    const failure = (error: Error): Error => {
      if (signal?.aborted === true) return interrupted(`connecting to ${describeHost(host)}`);
      return error instanceof BackupError ? error : cannotConnect(host, error);
    };
    try {
      return new MysqlConnection(await establish(spec, deadline.signal), spec, signal);
    } catch (error) {
      throw failure(error as Error);
    }
  }

  private constructor(
    { link, greeting, channel, host }: Established,
    spec: MysqlConnectionSpec,
    signal: AbortSignal | undefined,
  ) {
    this.#link = link;
    this.#signal = signal;
    this.greeting = greeting;
    this.channel = channel;
    this.spec = { ...spec, host };
    link.setHandler({
      onPacket: (packet) => this.#onPacket(packet),
      onEnd: (error, isOurs) => this.#onEnd(error, isOurs),
    });
    signal?.addEventListener("abort", this.#abortListener, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /** What the session comes over. */
  get transport(): Transport["kind"] {
    return this.#link.transport.kind;
  }

  /** Whether a backslash in a literal is an ordinary character, as of the last answer. */
  get noBackslashEscapes(): boolean {
    return (this.#status & ServerStatus.noBackslashEscapes) !== 0;
  }

  /** The rows of the last result, as bytes. For few of them: they are held in memory. */
  async query(sql: string | Uint8Array): Promise<MysqlResult> {
    let columns: readonly Column[] = [];
    let rows: (Buffer | null)[][] = [];
    const outcome = await this.stream(sql, {
      begin(found) {
        columns = found;
        rows = [];
      },
      row(packet) {
        rows.push(rowValues(Buffer.from(packet), columns.length));
        return undefined;
      },
    });
    return { ...outcome, columns, rows };
  }

  /** The same by the names of the columns, as text. */
  async rows(sql: string): Promise<Row[]> {
    const rows: Row[] = [];
    await this.eachRow(sql, (row) => rows.push(row));
    return rows;
  }

  /** Gives the rows by the names of the columns, as text, one at a time: for many of which little is kept. */
  async eachRow(sql: string, take: (row: Row) => void): Promise<void> {
    let names: string[] = [];
    await this.stream(sql, {
      begin(columns) {
        names = columns.map(({ name }) => name);
      },
      row(packet) {
        const values = rowValues(packet, names.length);
        take(Object.fromEntries(names.map((name, index) => [name, values[index]?.toString() ?? null])));
        return undefined;
      },
    });
  }

  /**
   * Gives row packets one at a time, in bounded memory. What the receiver throws becomes the error, after all rows.
   * @param sql bytes are not copied: they must stay as they are until the answer is there
   */
  async stream(sql: string | Uint8Array, receiver: RowReceiver): Promise<Outcome> {
    const text = typeof sql === "string" ? Buffer.from(sql) : sql;
    const command = (): Promise<void> => this.#link.sendCommand(queryCommand, text);
    return await this.#exchange(shownStatement(text), command, receiver);
  }

  /**
   * The same for a statement that is too long to be held: it is sent while it is read, with one packet of 16 MiB in memory.
   * When its text fails, the session ends with that error, and the server runs nothing of it.
   * @param head how it begins, for messages
   */
  async streamPieces(head: Uint8Array, pieces: AsyncIterable<Uint8Array>, receiver: RowReceiver): Promise<Outcome> {
    const send = (): Promise<void> => this.#link.sendCommandPieces(queryCommand, pieces);
    return await this.#exchange(shownStatement(head), send, receiver);
  }

  /**
   * Loads rows from memory with LOAD DATA LOCAL, in a session whose specification has `sendsFiles`. The server gets these
   * bytes and nothing else of this machine. When they fail, or the server answers before it has all of them, the session
   * ends with that error: no server can be told to stop reading.
   * @param statement makes the statement; its argument is the literal that stands for the file
   * @param contentBytes what one packet holds at most; less than the server's `max_allowed_packet`
   */
  async loadLocal(
    statement: (file: string) => string,
    pieces: AsyncIterable<Uint8Array>,
    contentBytes: number = fileContentBytes,
  ): Promise<Outcome> {
    const name = `dbbackup-${randomBytes(16).toString("hex")}`;
    const text = Buffer.from(statement(`'${name}'`));
    const file: OfferedFile = {
      name,
      send: (onLast) => {
        this.#link.sendFile(pieces, contentBytes, onLast).catch((error: Error) => this.#link.destroy(error));
      },
    };
    const send = (): Promise<void> => this.#link.sendCommand(queryCommand, text);
    return await this.#exchange(shownStatement(text), send, discarded, file);
  }

  async #exchange(
    shown: string,
    send: () => Promise<void>,
    receiver: RowReceiver,
    file?: OfferedFile,
  ): Promise<Outcome> {
    const doing = `running "${shown}"`;
    if (this.#over !== undefined) throw this.#failureOf(doing, this.#over);
    const control: ExchangeControl = {
      reply: (payload) => void this.#link.sendReply(payload),
      hold: (until) => this.#link.hold(until),
      giveRowsTo: (consumer) => this.#link.giveRowsTo(consumer),
    };
    const exchange = new QueryExchange(doing, receiver, control, file);
    this.#waiting.push({ send, exchange });
    this.#next();
    return await exchange.outcome;
  }

  /** Ends the session; what still runs is killed and rejects. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#over === undefined) {
      const isBusy = this.#running !== undefined;
      this.#finish(new Error("it was closed on this side"));
      this.#closing = isBusy ? this.#killAndDestroy() : this.#sayGoodbye();
    }
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #next(): void {
    if (this.#running !== undefined || this.#over !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running = next.exchange;
    next.send().catch((error: Error) => this.#link.destroy(error));
  }

  #onPacket(packet: Buffer): void {
    const exchange = this.#running;
    // A server that shuts down says so unasked, and closes.
    if (exchange === undefined) return;
    const status = exchange.onPacket(packet);
    if (status === undefined) return;
    this.#status = status;
    this.#running = undefined;
    this.#next();
  }

  #onAbort(): void {
    if (this.#over !== undefined) return;
    const isBusy = this.#running !== undefined;
    for (const exchange of this.#pending()) exchange.setFailure(interrupted(exchange.doing));
    this.#finish(interrupted("waiting"));
    this.#closing = isBusy ? this.#killAndDestroy() : this.#sayGoodbye();
  }

  #onEnd(error: Error | undefined, isOurs: boolean): void {
    const reason = this.#over ?? error;
    this.#finish(reason ?? new Error("the server closed the connection"));
    for (const exchange of this.#pending()) {
      exchange.end(isOurs && error instanceof BackupError ? error : this.#failureOf(exchange.doing, reason));
    }
    this.#waiting.drain();
    this.#running = undefined;
  }

  *#pending(): Generator<QueryExchange> {
    if (this.#running !== undefined) yield this.#running;
    for (const { exchange } of this.#waiting) yield exchange;
  }

  #finish(reason: Error): void {
    this.#over ??= reason;
    this.#signal?.removeEventListener("abort", this.#abortListener);
  }

  #failureOf(doing: string, reason: Error | undefined): Error {
    if (reason instanceof BackupError && reason.code === "INTERRUPTED") return interrupted(doing);
    return connectionLost(this.spec.host, doing, reason);
  }

  async #sayGoodbye(): Promise<void> {
    await this.#link.transport.end(Buffer.from([1, 0, 0, 0, commandQuit]));
    this.#link.destroy();
  }

  /** A server does not notice that nobody listens until it has something to say: until then locks would be held. */
  async #killAndDestroy(): Promise<void> {
    const { threadId } = this.greeting;
    try {
      const killer = await MysqlConnection.connect({ ...this.spec, connectTimeoutMs: cancelMs });
      using deadline = new Deadline(cancelMs, () => new Error("no answer to KILL"));
      try {
        await unlessAborted(killer.query(`KILL ${threadId}`), deadline.signal);
        await killer.close();
      } finally {
        // Closing while it waits would send another to kill it, and so on, to a server that hangs.
        killer.#link.destroy();
      }
    } catch {
      // Gone already, or out of reach: the closed socket is what is left to tell it.
    }
    this.#link.destroy();
  }
}

function shownStatement(text: Uint8Array): string {
  const shown = Buffer.from(text.buffer, text.byteOffset, Math.min(text.length, shownLength)).toString();
  return shownText(text.length > shownLength ? `${shown}...` : shown);
}

function timedOut(spec: MysqlConnectionSpec): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `no answer from ${describeHost(spec.host)} within ${spec.connectTimeoutMs / 1000} s`,
    object: describeHost(spec.host),
    hint: "check the address and the firewalls in between",
    retry: "maybe",
  });
}
