import type { CopyLane, CopyLanes } from "./copy-lanes.ts";
import type { PlannedCopy } from "./plan-copies.ts";

export interface RunningLanes {
  /** All lanes have ended. Never rejects: the part that could not be read tells. */
  readonly ended: Promise<unknown>;
  /** Fails everything that is not written yet, and begins nothing any more. */
  stop(reason: unknown): void;
}

/**
 * Has all lanes read `copies`, each the first part that nobody has begun. So the part that the writer waits for is always
 * under way: what a lane read before it is written before it, and gives its blocks back.
 */
export function runLanes(lanes: CopyLanes, copies: readonly PlannedCopy[]): RunningLanes {
  const stop = (reason: unknown): void => {
    for (const copy of copies) {
      if (copy.kind === "table") copy.parts.fail(reason, lanes.recycle);
      else copy.turn.fail(reason);
    }
  };
  const shared = copies.filter((copy) => copy.kind === "table" && copy.isShared);
  const all = [
    runLane(lanes.leader, copies).catch(stop),
    ...lanes.helpers.map((lane) => runLane(lane, shared).catch(stop)),
  ];
  return { ended: Promise.all(all), stop };
}

async function runLane({ connection, scanner }: CopyLane, copies: readonly PlannedCopy[]): Promise<void> {
  for (const copy of copies) {
    if (copy.kind === "large-objects") {
      await copy.turn.give();
      continue;
    }
    for (let part = copy.parts.begin(); part !== undefined; part = copy.parts.begin()) {
      await scanner.ready();
      scanner.start(part);
      await connection.copyOut(part.sql, scanner, copy.source.sql);
      part.end(scanner.finish());
    }
  }
}
