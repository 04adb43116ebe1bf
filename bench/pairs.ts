import type { MeasuredRun } from "./measured-run.ts";
import { median } from "./statistics.ts";

/** One of two ways of doing the same work. */
export interface Side {
  /** Does the work once, and removes what came of it: no run finds more of the disk or the page cache taken than another. */
  run(): Promise<SideRun>;
}

export interface SideRun extends MeasuredRun {
  /** Of the server's processes. */
  readonly serverCpuSeconds: number;
  /** Of what was written, where it is something on disk. */
  readonly bytes?: number;
}

export interface Pair {
  readonly peer: SideRun;
  readonly ours: SideRun;
}

/** Medians of the pairs. Ratios are ours to the peer's: below 1 we need less. */
export interface PairsSummary {
  readonly ratios: { readonly time: number; readonly cpu: number; readonly serverCpu: number; readonly size?: number };
  readonly seconds: { readonly peer: number; readonly ours: number };
  readonly peakMiB: { readonly peer: number; readonly ours: number };
  /** The peer did not come to its end within the time limit: the ratio of times is below what is said. */
  readonly isPeerTimedOut: boolean;
}

/**
 * Both in turn, `count` times, and each time the other one first: a machine that becomes slower does it to both.
 * A peer that does not end within the time limit is not asked again.
 */
export async function runPairs(peer: Side, ours: Side, count: number): Promise<Pair[]> {
  // Once each outside the count: the server's caches, and Node's compile cache.
  const first = await peer.run();
  await ours.run();
  const runPeer = () => (first.isTimedOut ? Promise.resolve(first) : peer.run());
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const before = i % 2 === 0 ? await runPeer() : undefined;
    const own = await ours.run();
    pairs.push({ ours: own, peer: before ?? (await runPeer()) });
  }
  return pairs;
}

export function summarize(pairs: readonly Pair[]): PairsSummary {
  const ratio = (of: (run: SideRun) => number) => median(pairs.map((pair) => of(pair.ours) / of(pair.peer)));
  const ofBoth = (sum: (runs: SideRun[]) => number) => ({
    peer: sum(pairs.map((pair) => pair.peer)),
    ours: sum(pairs.map((pair) => pair.ours)),
  });
  const hasSize = pairs.every((pair) => pair.peer.bytes !== undefined && !pair.peer.isTimedOut);
  return {
    ratios: {
      time: ratio((run) => run.seconds),
      cpu: ratio((run) => run.cpuSeconds),
      serverCpu: ratio((run) => run.serverCpuSeconds),
      ...(hasSize ? { size: ratio((run) => run.bytes!) } : {}),
    },
    seconds: ofBoth((runs) => median(runs.map((run) => run.seconds))),
    peakMiB: ofBoth((runs) => Math.max(...runs.map((run) => run.peakMiB))),
    isPeerTimedOut: pairs.some((pair) => pair.peer.isTimedOut),
  };
}
