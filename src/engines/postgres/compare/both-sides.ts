import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { type ComparisonSession, openComparisonSession } from "./comparison-session.ts";

/** The databases that are compared. */
export interface DatabasePair {
  readonly left: ConnectionSpec;
  readonly right: ConnectionSpec;
}

/** A session with each. */
export interface BothSides {
  readonly left: ComparisonSession;
  readonly right: ComparisonSession;
}

export interface OpenedSides extends BothSides, AsyncDisposable {}

/** Logs in to both at the same time; when one fails, no session stays. */
export async function openBoth(specs: DatabasePair, signal: AbortSignal): Promise<OpenedSides> {
  const opened = await Promise.allSettled([
    openComparisonSession(specs.left, signal),
    openComparisonSession(specs.right, signal),
  ]);
  const sessions = opened.flatMap((side) => (side.status === "fulfilled" ? [side.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(sessions.map(({ connection }) => connection.close()));
  };
  const failure = opened.find((side) => side.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return { left: sessions[0]!, right: sessions[1]!, [Symbol.asyncDispose]: close };
}

/** The same on both sides at the same time; when one fails, waits for the other and throws. */
export async function both<T>(
  sides: BothSides,
  act: (side: ComparisonSession, name: "left" | "right") => Promise<T>,
): Promise<readonly [left: T, right: T]> {
  const outcomes = await Promise.allSettled([act(sides.left, "left"), act(sides.right, "right")]);
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value) as [T, T];
}
