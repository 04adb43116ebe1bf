import type { CopyOutConsumer } from "../copy-out-consumer.ts";
import { readColumnNames, readCommandTag, readNoticeFields } from "../messages/backend-messages.ts";
import { malformed } from "../messages/body-reader.ts";
import { MessageType } from "../messages/message-type.ts";
import type { MessageView } from "../messages/message-view.ts";
import { ServerError, serverNotice } from "../server-error.ts";
import type { TextMode } from "../text-codec.ts";
import { describeStatement } from "./describe-statement.ts";

/** What an exchange may do with its connection. */
export interface ExchangeControl {
  readonly text: TextMode;
  send(message: Buffer): void;
  hold(until: Promise<unknown>): void;
  startCopyOut(consumer: CopyOutConsumer): void;
  endCopyOut(): void;
  /** Asks the server to stop what it is doing; failures are ignored. */
  requestCancel(): void;
}

/**
 * One Query message and the server's answers up to ReadyForQuery. A connection holds them in a queue, so that many can be
 * on their way at once. The promise settles when all answers were read (or the connection broke), never before: the next
 * exchange then starts clean.
 */
export abstract class Exchange<Result> {
  readonly #statement: string;
  protected readonly control: ExchangeControl;
  protected commandTag = "";
  readonly #outcome = Promise.withResolvers<Result>();
  #error: Error | undefined;

  /** @param statement what messages show of it. */
  constructor(statement: string, control: ExchangeControl) {
    this.#statement = statement;
    this.control = control;
  }

  /** For messages: `running "select 1"`. */
  get doing(): string {
    return describeStatement(this.#statement, this.control.text);
  }

  get outcome(): Promise<Result> {
    return this.#outcome.promise;
  }

  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  /** What the outcome will reject with. The first failure is the cause, later ones are consequences. */
  setFailure(error: Error): void {
    this.#error ??= error;
  }

  /** ReadyForQuery came. */
  finish(): void {
    if (this.#error === undefined) this.#outcome.resolve(this.result());
    else this.#outcome.reject(this.#error);
  }

  /** No ReadyForQuery will come. */
  abandon(error: Error): void {
    this.setFailure(error);
    this.#outcome.reject(this.#error);
  }

  onMessage(message: MessageView): void {
    switch (message.type) {
      case MessageType.dataRow:
        this.onRow(message);
        break;
      case MessageType.rowDescription:
        this.onColumns(readColumnNames(message, this.control.text));
        break;
      case MessageType.commandComplete:
        this.commandTag = readCommandTag(message);
        this.onCommandComplete();
        break;
      case MessageType.emptyQueryResponse:
        break;
      case MessageType.errorResponse:
        this.#onError(message);
        break;
      case MessageType.copyOutResponse:
        this.onCopyOut();
        break;
      case MessageType.copyDone:
        this.control.endCopyOut();
        break;
      case MessageType.copyInResponse:
        this.onCopyIn();
        break;
      default:
        throw malformed("a type that no query answers");
    }
  }

  protected abstract result(): Result;

  protected onColumns(_columns: string[]): void {}
  /** @param _message a DataRow, valid during the call. */
  protected onRow(_message: MessageView): void {}
  protected onCommandComplete(): void {}
  protected onServerError(): void {}

  protected onCopyOut(): void {
    throw new Error("a statement that copies to the client was sent without a consumer");
  }

  protected onCopyIn(): void {
    this.setFailure(new Error("a statement that copies from the client was sent without data"));
    this.control.send(copyFailMessage);
  }

  #onError(message: MessageView): void {
    this.control.endCopyOut();
    const notice = serverNotice(readNoticeFields(message));
    const endsSession = notice.severity === "FATAL" || notice.severity === "PANIC";
    this.setFailure(
      new ServerError(notice, { doing: this.doing, ...(endsSession ? { code: "CONNECTION_LOST" } : {}) }),
    );
    this.onServerError();
  }
}

/** An exchange whose result nobody in the queue looks at. */
export type PendingExchange = Pick<Exchange<unknown>, "doing" | "setFailure" | "finish" | "abandon" | "onMessage"> & {
  readonly outcome: Promise<unknown>;
};

const copyFailMessage = Buffer.from([0x66, 0, 0, 0, 5, 0]);
