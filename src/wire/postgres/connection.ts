import { Deadline } from "../net/deadline.ts";
import { Fifo } from "../net/fifo.ts";
import { sendCancelRequest } from "./cancel-request.ts";
import { connectAnyHost } from "./connect-any-host.ts";
import { connectionLost, interrupted } from "./connection-faults.ts";
import type { ConnectionSpec, HostSpec } from "./connection-spec.ts";
import type { CopyOutConsumer } from "./copy-out-consumer.ts";
import { type Established, establish } from "./establish.ts";
import { type CopyIn, CopyInExchange, copyBuffer } from "./exchanges/copy-in-exchange.ts";
import { type CopyOut, CopyOutExchange } from "./exchanges/copy-out-exchange.ts";
import type { Exchange, ExchangeControl, PendingExchange } from "./exchanges/exchange.ts";
import { QueryExchange, type QueryResult, type RowValues } from "./exchanges/query-exchange.ts";
import { RowExchange, type RowHandler } from "./exchanges/row-exchange.ts";
import type { MessageLink } from "./message-link.ts";
import {
  readDataRow,
  readNoticeFields,
  readParameterStatus,
  readTransactionStatus,
} from "./messages/backend-messages.ts";
import { malformed } from "./messages/body-reader.ts";
import { query, terminate } from "./messages/frontend-messages.ts";
import { MessageType } from "./messages/message-type.ts";
import type { MessageView } from "./messages/message-view.ts";
import { type QueryPieces, writeQueryPieces } from "./messages/query-pieces.ts";
import { type PackedRow, packRow } from "./packed-row.ts";
import { ServerError, type ServerNotice, serverNotice } from "./server-error.ts";
import { serverVersionNumber } from "./server-version.ts";
import type { TextMode } from "./text-codec.ts";

export type { CopyIn } from "./exchanges/copy-in-exchange.ts";
export type { CopyOut } from "./exchanges/copy-out-exchange.ts";
export type { QueryResult } from "./exchanges/query-exchange.ts";

/** How long a cancel request may take, and how long we wait for the server to obey it. */
const cancelMs = 5000;

export interface ConnectOptions {
  /** `binary`: strings to and from the server hold one byte a unit. Default `utf8`. */
  readonly text?: TextMode;
  /** Aborting cancels what runs on the server and ends the connection; what is pending rejects with INTERRUPTED. */
  readonly signal?: AbortSignal;
  readonly onNotice?: (notice: ServerNotice) => void;
}

/**
 * One session with a PostgreSQL server, over the simple query protocol. Methods may be called without waiting for earlier
 * ones: statements are then sent at once and answered in order. After a COPY FROM STDIN began, nothing else may be sent
 * until it ended.
 */
export class PgConnection implements AsyncDisposable {
  readonly serverVersionText: string;
  /** 180004, 100023: the server's server_version_num. */
  readonly serverVersion: number;
  /** The server process, 0 when the server does not tell. */
  readonly processId: number;
  readonly transportKind: "tcp" | "unix" | "tls";
  readonly host: HostSpec;
  /** The role that logged in. */
  readonly user: string;

  readonly #established: Established;
  readonly #link: MessageLink;
  readonly #text: TextMode;
  readonly #signal: AbortSignal | undefined;
  readonly #onNotice: (notice: ServerNotice) => void;
  readonly #parameters: Map<string, string>;
  readonly #control: ExchangeControl;
  readonly #pending = new Fifo<PendingExchange>();
  #transactionStatus: "I" | "T" | "E" = "I";
  #copyIn: CopyInExchange | undefined;
  #copyBuffer: Buffer | undefined;
  /** A statement is being sent in pieces. */
  #isSending = false;
  /** The server's last words, said while nobody asked. */
  #lastWords: ServerError | undefined;
  /** Why nothing can be sent any more. */
  #over: Error | undefined;
  #isInterrupted = false;
  #cancelling: Promise<void> | undefined;
  #gathered: Uint8Array[] | undefined;
  /** What goes on in the background until nothing is left. */
  #closing: Promise<void> | undefined;
  readonly #abortListener = (): void => this.#onAbort();

  /**
   * Connects to the first host of `spec` that answers and fits, and logs in.
   * @throws BackupError CONNECT, AUTH, SERVER, PROTOCOL, INTERRUPTED
   */
  static async connect(spec: ConnectionSpec, options: ConnectOptions = {}): Promise<PgConnection> {
    const { text = "utf8", signal, onNotice = () => {} } = options;
    return connectAnyHost(
      spec,
      async (host) =>
        new PgConnection(await establish(host, spec, { text, signal, onNotice }), spec.user, text, signal, onNotice),
    );
  }

  private constructor(
    established: Established,
    user: string,
    text: TextMode,
    signal: AbortSignal | undefined,
    onNotice: (notice: ServerNotice) => void,
  ) {
    const { link, loggedIn, host } = established;
    this.#established = established;
    this.#link = link;
    this.#text = text;
    this.#signal = signal;
    this.#onNotice = onNotice;
    this.#parameters = loggedIn.parameters;
    this.host = host;
    this.user = user;
    this.serverVersionText = this.#parameters.get("server_version") ?? "";
    this.serverVersion = serverVersionNumber(this.serverVersionText);
    this.processId = loggedIn.key?.processId ?? 0;
    this.transportKind = link.transport.kind;
    this.#control = {
      text,
      send: (message) => void link.transport.write(message),
      hold: (until) => link.hold(until),
      startCopyOut: (consumer) => link.startCopyOut(consumer),
      endCopyOut: () => link.endCopyOut(),
      requestCancel: () => {
        // What was sent behind it could be hit instead.
        if (this.#pending.length === 1) void this.#cancelQuietly();
      },
    };
    link.setHandler({
      onMessage: (message) => this.#onMessage(message),
      onEnd: (error, isOurs) => this.#onEnd(error, isOurs),
    });
    signal?.addEventListener("abort", this.#abortListener, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /** The last value the server reported (ParameterStatus): `server_encoding`, `standard_conforming_strings`, ... */
  parameter(name: string): string | undefined {
    return this.#parameters.get(name);
  }

  /** `I` idle, `T` in a transaction, `E` in a failed one; as of the last answer read. */
  get transactionStatus(): "I" | "T" | "E" {
    return this.#transactionStatus;
  }

  /** Sends all statements of `sql` in one message; answers the result of the last one that gave rows. */
  async query(sql: string): Promise<QueryResult> {
    return this.#send(sql, this.#rowsOf(sql)).outcome;
  }

  /** The same with each row in one piece, for many of them. Sessions of binary text only. */
  async queryPacked(sql: string): Promise<QueryResult<PackedRow>> {
    if (this.#text !== "binary") throw new Error("packed rows hold bytes, not text");
    return this.#send(sql, new QueryExchange(sql, this.#control, packRow)).outcome;
  }

  /**
   * As `query`, with a text that is not held in memory. What goes wrong with the pieces ends the connection: the server
   * waits for the rest of the message.
   */
  async queryPieces(sql: QueryPieces): Promise<QueryResult> {
    const exchange = this.#rowsOf(sql.shown);
    this.#begin(exchange);
    this.#isSending = true;
    try {
      await this.#cancelling;
      await writeQueryPieces(this.#link.transport, sql, () => this.#over !== undefined);
    } catch (error) {
      this.#link.destroy(error as Error);
    } finally {
      this.#isSending = false;
    }
    return await exchange.outcome;
  }

  /** One message for each of `sqls`, sent without waiting. The first error rejects, after all answers were read. */
  async queryAll(sqls: readonly string[]): Promise<QueryResult[]> {
    const outcomes = await Promise.allSettled(sqls.map((sql) => this.query(sql)));
    return outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    });
  }

  /**
   * Gives rows one at a time, in bounded memory. While the handler's promise is pending nothing is read; when it fails the
   * query is cancelled and rejects with that error.
   */
  async queryEach(sql: string, onRow: RowHandler): Promise<{ readonly commandTag: string }> {
    return this.#send(sql, new RowExchange(sql, this.#control, onRow)).outcome;
  }

  /**
   * Runs a COPY ... TO STDOUT. A consumer that fails ends the connection.
   * @param shown the statement that messages show instead.
   */
  async copyOut(sql: string, consumer: CopyOutConsumer, shown = sql): Promise<{ readonly rows: number }> {
    return this.sendCopyOut(sql, shown).to(consumer);
  }

  /** Sends a COPY ... TO STDOUT ahead of its turn: the data waits at the server until somebody consumes it. */
  sendCopyOut(sql: string, shown = sql): CopyOut {
    const exchange = new CopyOutExchange(shown, this.#control);
    try {
      this.#send(sql, exchange);
    } catch (error) {
      // Told to whoever wants the data: before its turn comes, an earlier copy tells what happened.
      exchange.abandon(error as Error);
    }
    return exchange;
  }

  /** What `send` sends, all of it small, leaves in one piece: a system call for each costs more than the rest of it. */
  together(send: () => void): void {
    const gathered: Uint8Array[] = [];
    this.#gathered = gathered;
    try {
      send();
    } finally {
      this.#gathered = undefined;
      if (gathered.length > 0) this.#write(Buffer.concat(gathered));
    }
  }

  /** Begins a COPY ... FROM STDIN; resolves when the server waits for data. */
  async copyIn(sql: string): Promise<CopyIn> {
    this.#copyBuffer ??= copyBuffer();
    const exchange = new CopyInExchange(sql, this.#control, this.#link.transport, this.#copyBuffer);
    this.#send(sql, exchange);
    this.#copyIn = exchange;
    return exchange.ready;
  }

  /** Asks the server to stop what this session does. Resolves when the request was delivered. */
  async cancel(): Promise<void> {
    if (this.#over === undefined) await this.#sendCancel();
  }

  /** Ends the session; what still runs is cancelled and rejects. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#over === undefined) {
      const reason = new Error("it was closed on this side");
      this.#finish(reason);
      for (const exchange of this.#pending) exchange.setFailure(connectionLost(this.host, exchange.doing, reason));
      this.#closing = this.#pending.length === 0 ? this.#sayGoodbye() : this.#cancelAndDestroy();
    }
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #rowsOf(shown: string): QueryExchange<RowValues> {
    return new QueryExchange<RowValues>(shown, this.#control, (message) => readDataRow(message, this.#text));
  }

  #send<Result>(sql: string, exchange: Exchange<Result>): Exchange<Result> {
    const bytes = query(sql, this.#text);
    this.#begin(exchange);
    // A cancel request that is still on its way must not hit this statement.
    if (this.#gathered === undefined) this.#write(bytes);
    else this.#gathered.push(bytes);
    return exchange;
  }

  #write(bytes: Uint8Array): void {
    if (this.#cancelling === undefined) void this.#link.transport.write(bytes);
    else void this.#cancelling.then(() => this.#link.transport.write(bytes));
  }

  /** Puts an exchange into the queue, if anything can be sent now. */
  #begin(exchange: PendingExchange): void {
    if (this.#over !== undefined) {
      throw this.#isInterrupted ? interrupted(exchange.doing) : connectionLost(this.host, exchange.doing, this.#over);
    }
    if (this.#copyIn !== undefined) throw new Error(`${exchange.doing} while a COPY FROM STDIN is under way`);
    if (this.#isSending) throw new Error(`${exchange.doing} while another statement is being sent`);
    this.#pending.push(exchange);
  }

  #onMessage(message: MessageView): void {
    switch (message.type) {
      case MessageType.noticeResponse:
        this.#onNotice(serverNotice(readNoticeFields(message)));
        break;
      case MessageType.parameterStatus: {
        const { name, value } = readParameterStatus(message);
        this.#parameters.set(name, value);
        break;
      }
      case MessageType.notificationResponse:
        break;
      case MessageType.readyForQuery:
        this.#onReady(message);
        break;
      default:
        this.#onAnswer(message);
    }
  }

  #onAnswer(message: MessageView): void {
    const exchange = this.#pending.first;
    if (exchange !== undefined) exchange.onMessage(message);
    else if (message.type !== MessageType.errorResponse) throw malformed("an answer to nothing");
    // An administrator ends the session, or the server shuts down.
    else this.#lastWords = new ServerError(serverNotice(readNoticeFields(message)), { code: "CONNECTION_LOST" });
  }

  #onReady(message: MessageView): void {
    this.#transactionStatus = readTransactionStatus(message);
    const exchange = this.#pending.shift();
    if (exchange === undefined) throw malformed("an answer to nothing");
    if (exchange === this.#copyIn) this.#copyIn = undefined;
    exchange.finish();
    // What was cancelled has ended; what was sent behind it must not run.
    if (this.#over !== undefined) this.#link.destroy();
  }

  #onAbort(): void {
    if (this.#over !== undefined) return;
    this.#isInterrupted = true;
    this.#finish(interrupted("waiting"));
    for (const exchange of this.#pending) exchange.setFailure(interrupted(exchange.doing));
    this.#closing = this.#pending.length === 0 ? this.#sayGoodbye() : this.#stopOnServer();
  }

  /** The server answers a cancelled statement with an error, which ends the exchange; whatever hinders that is cut off. */
  async #stopOnServer(): Promise<void> {
    const ended = this.#pending.first!.outcome.then(
      () => {},
      () => {},
    );
    // A server that waits for copy data does not listen to cancel requests.
    // One that has not got the whole of a statement does nothing that could end.
    if (this.#isSending) return this.#link.destroy();
    if (this.#copyIn === undefined) await this.#cancelQuietly();
    else void this.#copyIn.fail("interrupted");
    if (!this.#link.isStreaming) {
      using deadline = new Deadline(cancelMs, () => new Error("the server does not stop"));
      await Promise.race([ended, aborted(deadline.signal)]);
    }
    this.#link.destroy();
  }

  async #cancelAndDestroy(): Promise<void> {
    await this.#cancelQuietly();
    this.#link.destroy();
  }

  async #sayGoodbye(): Promise<void> {
    await this.#link.transport.end(terminate());
    this.#link.destroy();
  }

  async #cancelQuietly(): Promise<void> {
    await this.#sendCancel().catch(() => {});
  }

  async #sendCancel(): Promise<void> {
    const { key } = this.#established.loggedIn;
    if (key === undefined) return;
    using deadline = new Deadline(cancelMs, () => new Error(`a cancel request took more than ${cancelMs} ms`));
    const delivery = sendCancelRequest(this.#established.redial, key, deadline.signal);
    const settled = delivery.catch(() => {});
    this.#cancelling = settled;
    await settled;
    if (this.#cancelling === settled) this.#cancelling = undefined;
    await delivery;
  }

  /** `error` is ours when a consumer, a handler or the protocol failed, not the network. */
  #onEnd(error: Error | undefined, isOurs: boolean): void {
    const cause = this.#over ?? this.#lastWords ?? error;
    this.#finish(cause ?? new Error("the server closed the connection"));
    const pending = this.#pending.drain();
    if (isOurs && error !== undefined && pending.length > 0) {
      pending[0]!.setFailure(error);
      // Nobody reads any more, but a server that computes without sending would not notice for a long time.
      this.#closing ??= this.#cancelQuietly();
    }
    for (const exchange of pending) exchange.abandon(connectionLost(this.host, exchange.doing, cause));
  }

  /** From now on nothing can be sent. */
  #finish(reason: Error): void {
    this.#over ??= reason;
    this.#signal?.removeEventListener("abort", this.#abortListener);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
