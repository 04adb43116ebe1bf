import { availableParallelism } from "node:os";

/** More connections than this may be too many for a server that others use; whoever knows better says so. */
const MAX_DEFAULT_JOBS = 4;

/** Connections that work beside each other when nobody says how many. */
export function defaultJobs(): number {
  return Math.min(availableParallelism(), MAX_DEFAULT_JOBS);
}
