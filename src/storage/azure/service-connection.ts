import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import type { RequestPolicy, RequestPolicyFactory } from "@azure/storage-blob";

const SILENCE_MS = 60_000;
/** So is a request whose answer does not begin within this time. */
const REQUEST_MS = 600_000;

/** How the SDK's requests reach the service: with limits of time, of which the SDK has none, and an eye on the service's clock. */
export class ServiceConnection implements RequestPolicyFactory {
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** Milliseconds that the service's clock is ahead of ours. */
  #clockAhead = 0;

  /** @param silenceMs a connection on which nothing moves for so long is given up */
  constructor(silenceMs: number = SILENCE_MS) {
    // The agent sets the time again when it gives a connection to its next request.
    const options = { keepAlive: true, timeout: silenceMs };
    this.#agents = { http: watched(new HttpAgent(options)), https: watched(new HttpsAgent(options)) };
  }

  create(next: RequestPolicy): RequestPolicy {
    return {
      sendRequest: async (request) => {
        request.timeout = REQUEST_MS;
        // There is one already when the environment names a proxy.
        request.agent ??= request.url.startsWith("https:") ? this.#agents.https : this.#agents.http;
        const answer = await next.sendRequest(request);
        const date = Date.parse(answer.headers.get("date") ?? "");
        if (!Number.isNaN(date)) this.#clockAhead = date - Date.now();
        return answer;
      },
    };
  }

  /** The service's clock, as it told it last; ours until it has. */
  now(): Date {
    return new Date(Date.now() + this.#clockAhead);
  }
}

/** Cuts connections on which nothing moves; those that wait for their next use, too. */
function watched<A extends HttpAgent>(agent: A): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback) as Socket;
    socket.on("timeout", () => {
      socket.destroy(Object.assign(new Error("the service is silent"), { code: "ETIMEDOUT" }));
    });
    return socket;
  };
  return agent;
}
