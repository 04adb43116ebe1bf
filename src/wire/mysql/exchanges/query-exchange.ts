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
  #state: "first" | "columns" | "rows" = "first";
  #columnsLeft = 0;
  #columns: Column[] = [];
  #failure: Error | undefined;

  constructor(doing: string, receiver: RowReceiver, control: ExchangeControl) {
    this.doing = doing;
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
    if (packet[0] === 0xfb) {
      // No statement of ours asks for that: a server that does it anyway wants to read our files.
      this.setFailure(malformed("a request for a local file, which nothing asked for"));
      this.#control.reply(noFile);
      return undefined;
    }
    this.#columnsLeft = new PacketReader(packet).lengthEncoded() ?? 0;
    if (this.#columnsLeft === 0 || this.#columnsLeft > maxColumns)
      throw malformed("a number of columns that cannot be");
    this.#columns = [];
    this.#state = "columns";
    return undefined;
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
