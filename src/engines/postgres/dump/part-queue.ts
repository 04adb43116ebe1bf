import type { CopyOut, PgConnection } from "../../../wire/postgres/connection.ts";
import type { CopiedPart } from "./copied-part.ts";
import type { LeaderTurn } from "./leader-turn.ts";
import type { PlannedCopy } from "./plan-copies.ts";

/**
 * So many COPY commands are on their way to the server while one is read: it begins the next table without waiting for
 * us, and a network does not cost a round trip for each table. They wait in the server's socket, some 100 bytes each.
 */
const commandsAhead = 64;

/** What a lane does next. */
export type LaneStep =
  | { readonly kind: "part"; readonly part: CopiedPart; readonly copy: CopyOut }
  | { readonly kind: "turn"; readonly turn: LeaderTurn };

/**
 * The parts that a lane reads, in order, each the first that nobody has begun. Commands for tables that no other lane reads
 * are sent ahead. Not so those of shared tables, where somebody else may come to a part sooner, and never past the writer's
 * own turn: the answers to its queries would come behind copies that nobody consumes as long as it waits.
 */
export class PartQueue {
  readonly #connection: PgConnection;
  readonly #copies: readonly PlannedCopy[];
  readonly #sent: LaneStep[] = [];
  #next = 0;

  constructor(connection: PgConnection, copies: readonly PlannedCopy[]) {
    this.#connection = connection;
    this.#copies = copies;
  }

  /** Undefined at the end. */
  next(): LaneStep | undefined {
    this.#sendAhead();
    for (let step = this.#sent.shift(); ; step = this.#step()) {
      if (step !== undefined || this.#next >= this.#copies.length) return step;
    }
  }

  /** Many at once, when half of them are done. */
  #sendAhead(): void {
    if (this.#sent.length > commandsAhead / 2) return;
    this.#connection.together(() => {
      while (this.#sent.length < commandsAhead) {
        const copy = this.#copies[this.#next];
        if (copy?.kind !== "table" || copy.isShared) return;
        const step = this.#step();
        if (step !== undefined) this.#sent.push(step);
      }
    });
  }

  /** Begins what comes next; undefined when of one table there is nothing more to begin. */
  #step(): LaneStep | undefined {
    const copy = this.#copies[this.#next]!;
    const part = copy.kind === "table" ? copy.parts.begin() : undefined;
    if (part === undefined) this.#next++;
    if (copy.kind === "large-objects") return { kind: "turn", turn: copy.turn };
    if (part === undefined) return undefined;
    const send = () => this.#connection.sendCopyOut(part.sql, copy.source.sql);
    return { kind: "part", part, copy: copy.byKey === undefined ? send() : this.#throughIndex(send) };
  }

  /** With old statistics, or none, the server may take a range for most of the table, and read all of it for each. */
  #throughIndex(send: () => CopyOut): CopyOut {
    const set = (value: string): void => {
      // When it fails, so does the COPY, which tells.
      this.#connection.query(`SET LOCAL enable_seqscan TO ${value}`).catch(() => {});
    };
    set("off");
    const copy = send();
    set("DEFAULT");
    return copy;
  }
}
