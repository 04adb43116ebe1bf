import { lookup } from "node:dns/promises";
import { BackupError } from "../../core/backup-error.ts";
import { cannotConnect, interrupted } from "./connection-faults.ts";
import { type ConnectionSpec, describeHost, type HostSpec, socketPath } from "./connection-spec.ts";
import { Deadline } from "./deadline.ts";
import { type LoggedIn, login } from "./login.ts";
import { MessageInbox } from "./message-inbox.ts";
import { MessageLink } from "./message-link.ts";
import { type OpenedChannel, openTransport } from "./open-transport.ts";
import type { ServerNotice } from "./server-error.ts";
import type { Endpoint } from "./socket-transport.ts";
import type { TextMode } from "./text-codec.ts";

/** A logged-in session, not yet given to anybody. */
export interface Established {
  readonly link: MessageLink;
  readonly host: HostSpec;
  readonly loggedIn: LoggedIn;
  /** Opens another byte stream to the very same server: for cancel requests. */
  readonly redial: (signal: AbortSignal) => Promise<OpenedChannel>;
}

export interface EstablishOptions {
  readonly text: TextMode;
  readonly signal: AbortSignal | undefined;
  readonly onNotice: (notice: ServerNotice) => void;
}

/**
 * Tries one host: each of its addresses until one takes a connection, then logs in.
 * @throws BackupError CONNECT when no address answers; what the server says about the login otherwise.
 */
export async function establish(host: HostSpec, spec: ConnectionSpec, options: EstablishOptions): Promise<Established> {
  const failures: BackupError[] = [];
  for (const endpoint of await endpointsOf(host, spec, options.signal)) {
    try {
      return await establishAt(host, endpoint, spec, options);
    } catch (error) {
      // Only an address that does not answer is a reason to try the next one of the same host.
      if (!(error instanceof BackupError) || error.code !== "CONNECT") throw error;
      failures.push(error);
    }
  }
  throw failures.at(-1)!;
}

async function establishAt(
  host: HostSpec,
  endpoint: Endpoint,
  spec: ConnectionSpec,
  options: EstablishOptions,
): Promise<Established> {
  using deadline = new Deadline(spec.connectTimeoutMs, () => timedOut(host, spec), options.signal);
  const redial = (signal: AbortSignal): Promise<OpenedChannel> => openTransport(host, endpoint, spec, signal);
  const { transport, security } = await redial(deadline.signal).catch((error: Error) => {
    throw connectFailure(host, error, options.signal);
  });
  const inbox = new MessageInbox((error) => connectFailure(host, error ?? closedEarly(), options.signal));
  const link = new MessageLink(transport, inbox);
  const abort = (): void => link.destroy(deadline.signal.reason as Error);
  deadline.signal.addEventListener("abort", abort, { once: true });
  try {
    const loggedIn = await login(link, inbox, { spec, host, channel: security, ...options });
    return { link, host, loggedIn, redial };
  } catch (error) {
    link.destroy();
    throw error;
  } finally {
    deadline.signal.removeEventListener("abort", abort);
  }
}

async function endpointsOf(host: HostSpec, spec: ConnectionSpec, signal: AbortSignal | undefined): Promise<Endpoint[]> {
  if (host.kind === "unix") return [{ kind: "unix", path: socketPath(host) }];
  if (host.address !== undefined) return [{ kind: "tcp", address: host.address, port: host.port }];
  try {
    const addresses = (await lookup(host.host, { all: true, order: "verbatim" })).map(({ address }) => address);
    if (signal?.aborted === true) throw signal.reason;
    if (spec.loadBalanceHosts) shuffle(addresses);
    return addresses.map((address) => ({ kind: "tcp", address, port: host.port }));
  } catch (error) {
    throw connectFailure(host, error as Error, signal);
  }
}

/** Fisher and Yates: every order is equally likely. */
export function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}

function connectFailure(host: HostSpec, error: Error, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return interrupted(`connecting to ${describeHost(host)}`);
  return error instanceof BackupError ? error : cannotConnect(host, error);
}

function closedEarly(): Error {
  return new Error("the server closed the connection during the login");
}

function timedOut(host: HostSpec, spec: ConnectionSpec): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `no answer from ${describeHost(host)} within ${spec.connectTimeoutMs / 1000} s`,
    object: describeHost(host),
    hint: "check the address and the firewalls in between, or raise connect_timeout",
    retry: "maybe",
  });
}
