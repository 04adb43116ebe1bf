import { performance } from "node:perf_hooks";

/** Of its time this process may be at work and still be said to wait. */
const mostWork = 0.5;

export interface WaitForServer {
  /** Since it was asked before. */
  isLong(): boolean;
}

/**
 * Whether this process mostly waits for servers. All bytes of a script pass through it in their order: where it is what
 * others wait for, more sessions cost both sides CPU time and give nothing.
 */
export class ServerWait implements WaitForServer {
  #last = performance.eventLoopUtilization();

  isLong(): boolean {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    return utilization < mostWork;
  }
}
