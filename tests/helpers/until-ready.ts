import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server comes up within a second; on a machine that does ten other things, or stands still meanwhile, within two minutes. */
const READY_WITHIN_MS = 120_000;
const POLL_MS = 25;

/**
 * Waits until a server that was started is ready.
 * @param isReady asked again and again
 * @param hasEnded whether there is nothing to wait for any more
 * @param said what the server said, for the error
 * @throws Error when it ended, or is not ready in time
 */
export async function untilReady(
  name: string,
  isReady: () => boolean | Promise<boolean>,
  hasEnded: () => boolean,
  said: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (hasEnded()) throw new Error(`${name} has ended before it was ready: ${said()}`);
    if (Date.now() > deadline) throw new Error(`${name} is not ready after ${READY_WITHIN_MS / 1000} s: ${said()}`);
    await sleep(POLL_MS);
  }
}

/** Whether somebody on this machine takes connections at a port. */
export async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
