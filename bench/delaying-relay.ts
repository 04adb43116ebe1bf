import { connect, type Socket } from "node:net";
import { TcpListener } from "../tests/helpers/tcp-listener.ts";

/** Bytes under way in one direction; more wait in the sender's socket, as on a long line of much bandwidth. */
const MAX_UNDER_WAY = 16 * 1024 * 1024;

/**
 * A relay to a server on this machine that delivers everything later, in both directions: a network to far away.
 * @param delayMs each way: a round trip takes twice that.
 */
export function startDelayingRelay(targetPort: number, delayMs: number): Promise<TcpListener> {
  return TcpListener.start((client, keep) => {
    const server = keep(connect(targetPort, "127.0.0.1"));
    for (const socket of [client, server]) socket.setNoDelay(true);
    relay(client, server, delayMs);
    relay(server, client, delayMs);
  });
}

function relay(from: Socket, to: Socket, delayMs: number): void {
  let underWay = 0;
  from.on("data", (bytes) => {
    underWay += bytes.length;
    if (underWay > MAX_UNDER_WAY) from.pause();
    // Timers of the same length fire in the order in which they were set.
    setTimeout(() => {
      underWay -= bytes.length;
      if (underWay <= MAX_UNDER_WAY) from.resume();
      to.write(bytes);
    }, delayMs);
  });
  from.on("close", () => setTimeout(() => to.end(), delayMs));
}
