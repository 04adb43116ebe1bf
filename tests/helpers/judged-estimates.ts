/** How well a run knew how long it would go on. */
export interface JudgedEstimates {
  readonly seconds: number;
  /** Progress events between 20 % and 90 % of the run. */
  readonly events: number;
  /** Share of them whose time left was within 30 % of the truth. */
  readonly within30: number;
  /** The same, within a factor of 2. */
  readonly withinFactor2: number;
}

interface TimedEvent {
  readonly event: string;
  readonly time: string;
  readonly seconds_left?: number;
}

/** Seconds. */
function at(event: TimedEvent): number {
  return Date.parse(event.time) / 1000;
}

/** @param stderr of a run with `--progress json` */
export function judgedEstimates(stderr: string): JudgedEstimates {
  const events = stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as TimedEvent);
  const [start, end] = [at(events[0]!), at(events.at(-1)!)];
  const judged = events.filter((event) => {
    const share = (at(event) - start) / (end - start);
    return event.event === "progress" && share >= 0.2 && share <= 0.9;
  });
  const share = (isGood: (left: number, truth: number) => boolean): number =>
    judged.filter((event) => event.seconds_left !== undefined && isGood(event.seconds_left, end - at(event))).length /
    judged.length;
  return {
    seconds: end - start,
    events: judged.length,
    within30: share((left, truth) => Math.abs(left - truth) <= 0.3 * truth),
    withinFactor2: share((left, truth) => left >= truth / 2 && left <= truth * 2),
  };
}
