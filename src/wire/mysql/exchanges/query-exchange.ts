import { shownText } from "../../net/shown-text.ts";
import { ServerStatus } from "../capability.ts";
import { malformed, PacketReader } from "../packets/packet-reader.ts";
import type { RowPacketsConsumer } from "../rows/row-packets-consumer.ts";
import { MysqlServerError, readServerFault } from "../server-error.ts";
import { type Column, isEof, type Outcome, readColumn, readEof, readOk } from "./result-set.ts";

/** Takes the rows of a query. */
export interface RowReceiver {
  /** Once for each result. */
  begin?(columns: readonly Column[]): void;
  /** Takes the rows of the first result instead of `row`, uncut and straight from the socket. */
  readonly packets?: RowPacketsConsumer;
  /** A row packet, valid during the call; `rowValues` takes it apart. Nothing is read while what it answers is pending. */
  row(packet: Buffer): Promise<void> | undefined;
}

export interface ExchangeControl {
  reply(payload: Uint8Array): void;
  hold(until: Promise<unknown>): void;
  giveRowsTo(consumer: RowPacketsConsumer): void;
}

/** What is sent when a LOAD DATA LOCAL asks for it. */
export interface OfferedFile {
  /** The name that the statement says, and that the server must ask for. */
  readonly name: string;
  /** @param onLast called before the server may answer. What fails ends the session. */
  send(onLast: () => void): void;
}

/** More than any table can have, and any statement of ours asks for. */
const maxColumns = 65_535;
/** Said to a server that asks for a file of ours. */
const noFile = Buffer.alloc(0);

/** One COM_QUERY and what is answered to it: outcomes, results, several of both from a procedure. */
export class QueryExchange {
  readonly doing: string;
  readonly outcome: Promise<Outcome>;
  readonly #settle = Promise.withResolvers<Outcome>();
  readonly #receiver: RowReceiver;
  readonly #control: ExchangeControl;
  readonly #file: OfferedFile | undefined;
  #state: "first" | "file" | "columns" | "rows" = "first";
  #isFileSent = false;
  #columnsLeft = 0;
  #columns: Column[] = [];
  #failure: Error | undefined;

  constructor(doing: string, receiver: RowReceiver, control: ExchangeControl, file?: OfferedFile) {
    this.doing = doing;
    this.#file = file;
    this.#receiver = receiver;
    this.#control = control;
    this.outcome = this.#settle.promise;
    // Whoever asked may look later.
    this.outcome.catch(() => {});
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** It rejects with this, whatever the server answers. */
  setFailure(error: Error): void {
    this.#failure ??= error;
  }

  /** The link is gone. */
  end(error: Error): void {
    this.#settle.reject(this.#failure ?? error);
  }

  /** Answers the server's status when that was the last packet of the exchange. */
  onPacket(packet: Buffer): number | undefined {
    if (this.#state === "file") throw this.#duringFile(packet);
    if (packet[0] === 0xff) {
      this.#settle.reject(this.#failure ?? new MysqlServerError(readServerFault(packet), { doing: this.doing }));
      return 0;
    }
    switch (this.#state) {
      case "first":
        return this.#first(packet);
      case "columns":
        return this.#column(packet);
      case "rows":
        return isEof(packet) ? this.#ended(readEof(packet)) : this.#row(packet);
    }
  }

  #first(packet: Buffer): number | undefined {
    if (packet[0] === 0x00) return this.#ended(readOk(packet));
    if (packet[0] === 0xfb) return this.#asksForFile(packet);
    this.#columnsLeft = new PacketReader(packet).lengthEncoded() ?? 0;
    if (this.#columnsLeft === 0 || this.#columnsLeft > maxColumns)
      throw malformed("a number of columns that cannot be");
    this.#columns = [];
    this.#state = "columns";
    return undefined;
  }

  /**
   * Only what a LOAD DATA LOCAL of ours names is sent, once. A server that asks for anything else wants to read our files:
   * it hears that there is nothing, and the session ends.
   */
  #asksForFile(packet: Buffer): undefined {
    const name = packet.toString("utf8", 1);
    const file = this.#file;
    if (file === undefined || name !== file.name || this.#isFileSent) {
      this.#control.reply(noFile);
      throw malformed(`a request for the local file "${shownText(name)}", which nothing asked for`);
    }
    this.#isFileSent = true;
    this.#state = "file";
    file.send(() => {
      this.#state = "first";
    });
  }

  /** A server that answers before it has all of the file would take the rest of it for commands. */
  #duringFile(packet: Buffer): Error {
    if (packet[0] === 0xff) return new MysqlServerError(readServerFault(packet), { doing: this.doing });
    return malformed("an answer to a file that was not sent yet");
  }

  /** Definitions, then an EOF packet. */
  #column(packet: Buffer): undefined {
    if (this.#columnsLeft-- > 0) {
      this.#columns.push(readColumn(packet));
      return;
    }
    if (!isEof(packet)) throw malformed("more columns than it said");
    this.#state = "rows";
    this.#guarded(() => this.#receiver.begin?.(this.#columns));
    if (this.#receiver.packets !== undefined && this.#failure === undefined) {
      this.#control.giveRowsTo(this.#receiver.packets);
    }
  }

  #row(packet: Buffer): undefined {
    if (this.#failure !== undefined) return;
    this.#guarded(() => {
      const pending = this.#receiver.row(packet);
      if (pending === undefined) return;
      pending.catch((error: Error) => this.setFailure(error));
      this.#control.hold(pending);
    });
  }

  #guarded(receive: () => void): void {
    try {
      receive();
    } catch (error) {
      this.setFailure(error as Error);
    }
  }

  #ended(outcome: Outcome): number | undefined {
    if ((outcome.status & ServerStatus.moreResults) !== 0) {
      this.#state = "first";
      return undefined;
    }
    if (this.#failure === undefined) this.#settle.resolve(outcome);
    else this.#settle.reject(this.#failure);
    return outcome.status;
  }
}
