import type { CopyLane, CopyLanes } from "./copy-lanes.ts";
import { PartQueue } from "./part-queue.ts";
import type { PlannedCopy } from "./plan-copies.ts";
import type { RateLimit } from "./rate-limit.ts";

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
    runLane(lanes.leader, copies, lanes.limit).catch(stop),
    ...lanes.helpers.map((lane) => runLane(lane, shared, lanes.limit).catch(stop)),
  ];
  return { ended: Promise.all(all), stop };
}

async function runLane(
  { connection, scanner }: CopyLane,
  copies: readonly PlannedCopy[],
  limit: RateLimit | undefined,
): Promise<void> {
  const queue = new PartQueue(connection, copies);
  for (let step = queue.next(); step !== undefined; step = queue.next()) {
    if (step.kind === "turn") {
      await step.turn.give();
      continue;
    }
    await scanner.ready();
    // The end of a part comes too late to wait for.
    await limit?.passed(0);
    scanner.start(step.part, step.part.binary);
    await step.copy.to(scanner);
    step.part.end(scanner.finish());
  }
}
