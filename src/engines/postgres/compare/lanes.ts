import { type BothSides, both, type DatabasePair, type OpenedSides, openBoth } from "./both-sides.ts";
import { beginSnapshot, type ComparisonSession } from "./comparison-session.ts";
import type { RowText } from "./row-pair.ts";

/** Pairs of sessions that work beside each other; all of a side see one state of its database. */
export interface Lanes extends AsyncDisposable {
  readonly leader: BothSides;
  /** Opens more pairs until there are `jobs`, and gives all. */
  open(jobs: number): Promise<readonly BothSides[]>;
}

/** Logs in to both databases. The caller prepares the pair before `lanesOf` begins its snapshots. */
export async function lanesOf(
  leader: OpenedSides,
  text: RowText,
  specs: DatabasePair,
  signal: AbortSignal,
): Promise<Lanes> {
  const settings = text.floatBits ? "set extra_float_digits = 0" : "";
  await both(leader, ({ connection }) => connection.query(`${settings};${beginSnapshot}`));
  const opened: OpenedSides[] = [];
  const addOne = async (snapshots: readonly [left: string, right: string]): Promise<void> => {
    const sides = await openBoth(specs, signal);
    opened.push(sides);
    await both(sides, ({ connection }, name) =>
      connection.query(`${settings};${beginSnapshot};set transaction snapshot '${snapshots[name === "left" ? 0 : 1]}'`),
    );
  };
  return {
    leader,
    async open(jobs) {
      if (jobs > 1 + opened.length) {
        const snapshots = await both(leader, exportSnapshot);
        const wanted = Array.from({ length: jobs - 1 - opened.length }, () => addOne(snapshots));
        const failure = (await Promise.allSettled(wanted)).find((outcome) => outcome.status === "rejected");
        if (failure !== undefined) throw failure.reason;
      }
      return [leader, ...opened];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((sides) => sides[Symbol.asyncDispose]()));
    },
  };
}

async function exportSnapshot({ connection }: ComparisonSession): Promise<string> {
  return (await connection.query("select pg_export_snapshot()")).rows[0]![0]!;
}
