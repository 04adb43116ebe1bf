import type { BackendKey } from "./messages/backend-messages.ts";
import { cancelRequest } from "./messages/frontend-messages.ts";
import type { OpenedChannel } from "./open-transport.ts";

/**
 * Sends a cancel request on a connection of its own, with the same security as the session's. Resolves when the server
 * closed that connection, which it does after passing the request on. Whether it found something to cancel, nobody tells.
 */
export async function sendCancelRequest(
  redial: (signal: AbortSignal) => Promise<OpenedChannel>,
  key: BackendKey,
  signal: AbortSignal,
): Promise<void> {
  const { transport } = await redial(signal);
  const closed = Promise.withResolvers<void>();
  const memory = new Uint8Array(64);
  transport.setSink({ space: () => memory, received: () => true, ended: () => closed.resolve() });
  transport.resume();
  const abort = (): void => {
    transport.destroy();
    closed.resolve();
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    await transport.write(cancelRequest(key.processId, key.secret));
    await closed.promise;
  } finally {
    signal.removeEventListener("abort", abort);
    transport.destroy();
  }
}
