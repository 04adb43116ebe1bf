import { isIP } from "node:net";
import { BackupError } from "../../core/backup-error.ts";
import { Deadline, unlessAborted } from "../net/deadline.ts";
import type { Endpoint } from "../net/socket-transport.ts";
import { cannotConnect, interrupted } from "./connection-faults.ts";
import { type ConnectionSpec, describeHost, type HostSpec, socketPath } from "./connection-spec.ts";
import { type LoggedIn, login } from "./login.ts";
import { MessageInbox } from "./message-inbox.ts";
import { MessageLink } from "./message-link.ts";
import { type Encryption, type OpenedChannel, openTransport } from "./open-transport.ts";
import { ServerError, type ServerNotice } from "./server-error.ts";
import { shuffle } from "./shuffle.ts";
import type { TextMode } from "./text-codec.ts";
import { handshakeFault } from "./tls/tls-fault.ts";

/** A logged-in session, not yet given to anybody. */
export interface Established {
  readonly link: MessageLink;
  readonly host: HostSpec;
  readonly loggedIn: LoggedIn;
  /** Opens another byte stream to the very same server, no less secure: for cancel requests. */
  readonly redial: (signal: AbortSignal) => Promise<OpenedChannel>;
}

export interface EstablishOptions {
  readonly text: TextMode;
  readonly signal: AbortSignal | undefined;
  readonly onNotice: (notice: ServerNotice) => void;
}

/**
 * Tries one host: each of its addresses until one takes a connection, then logs in.
 * @throws BackupError CONNECT with retry "maybe" when no address answers; what TLS or the server says otherwise.
 */
export async function establish(host: HostSpec, spec: ConnectionSpec, options: EstablishOptions): Promise<Established> {
  let failure: BackupError | undefined;
  for (const endpoint of await findEndpoints(host, spec, options.signal)) {
    using deadline = new Deadline(spec.connectTimeoutMs, () => timedOut(host, spec), options.signal);
    try {
      return await new Attempt(host, endpoint, spec, options, deadline.signal).run();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      failure = error;
    }
  }
  throw failure!;
}

/** Whether another address or host may be tried: this one does not answer, or cannot serve now. */
export function isUnreachable(error: unknown): error is BackupError {
  return error instanceof BackupError && error.code === "CONNECT" && error.retry === "maybe";
}

/** One address, with and without encryption as the mode allows. */
class Attempt {
  readonly #host: HostSpec;
  readonly #endpoint: Endpoint;
  readonly #spec: ConnectionSpec;
  readonly #options: EstablishOptions;
  readonly #signal: AbortSignal;

  constructor(
    host: HostSpec,
    endpoint: Endpoint,
    spec: ConnectionSpec,
    options: EstablishOptions,
    signal: AbortSignal,
  ) {
    this.#host = host;
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<Established> {
    const [first, second] = encryptions(this.#spec, this.#endpoint);
    try {
      return await this.#with(first);
    } catch (error) {
      if (second === undefined || !isReasonFor(second, error)) throw error;
      return this.#fallBack(first, second, error as BackupError);
    }
  }

  async #fallBack(first: Encryption, second: Encryption, reason: BackupError): Promise<Established> {
    try {
      return await this.#with(second);
    } catch (error) {
      // What a server says at the second try is about us; our own refusal of it is not what the user has to correct.
      if (!(error instanceof ServerError) || error.message === reason.message) throw reason;
      throw error.withDetails([`${first === "tls" ? "with" : "without"} TLS: ${reason.message}`]);
    }
  }

  async #with(encryption: Encryption): Promise<Established> {
    const redial = (signal: AbortSignal): Promise<OpenedChannel> =>
      openTransport(this.#host, this.#endpoint, encryption, this.#spec, signal);
    const { transport, security } = await redial(this.#signal).catch((error: Error) => {
      throw this.#failure(error);
    });
    // With TLS 1.3 a server says only after the handshake that it does not like our certificate.
    const inbox = new MessageInbox((error) => this.#failure(tlsAlert(this.#host, error) ?? error ?? closedEarly()));
    const link = new MessageLink(transport, inbox);
    try {
      const request = { spec: this.#spec, host: this.#host, channel: security, ...this.#options };
      return {
        link,
        host: this.#host,
        loggedIn: await unlessAborted(login(link, inbox, request), this.#signal),
        redial,
      };
    } catch (error) {
      link.destroy();
      throw this.#failure(error as Error);
    }
  }

  #failure(error: Error): Error {
    return connectFailure(this.#host, error, this.#options.signal);
  }
}

/** In the order to try them. TLS is not used over Unix sockets, whatever the mode says: as libpq does. */
function encryptions({ tls }: ConnectionSpec, endpoint: Endpoint): readonly [Encryption, Encryption?] {
  if (endpoint.kind === "unix" || tls.mode === "disable") return ["plain"];
  if (tls.mode === "allow") return ["plain", "tls"];
  return tls.mode === "prefer" ? ["tls", "plain"] : ["tls"];
}

/** A server that turned the login down may take it with (or without) TLS; a failed handshake is a reason to go without. */
function isReasonFor(second: Encryption, error: unknown): boolean {
  if (!(error instanceof BackupError)) return false;
  if (error instanceof ServerError) return error.code === "AUTH";
  return second === "plain" && error.code === "CONNECT" && error.retry === "never";
}

async function findEndpoints(
  host: HostSpec,
  spec: ConnectionSpec,
  signal: AbortSignal | undefined,
): Promise<Endpoint[]> {
  if (host.kind === "unix") return [{ kind: "unix", path: socketPath(host) }];
  const known = host.address ?? (isIP(host.host) === 0 ? undefined : host.host);
  if (known !== undefined) return [{ kind: "tcp", address: known, port: host.port }];
  using deadline = new Deadline(spec.connectTimeoutMs, () => timedOut(host, spec), signal);
  try {
    const { lookup } = await import("node:dns/promises");
    const found = await unlessAborted(lookup(host.host, { all: true, order: "verbatim" }), deadline.signal);
    const addresses = found.map(({ address }) => address);
    if (spec.loadBalanceHosts) shuffle(addresses);
    return addresses.map((address) => ({ kind: "tcp", address, port: host.port }));
  } catch (error) {
    throw connectFailure(host, error as Error, signal);
  }
}

function connectFailure(host: HostSpec, error: Error, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return interrupted(`connecting to ${describeHost(host)}`);
  return error instanceof BackupError ? error : cannotConnect(host, error);
}

function tlsAlert(host: HostSpec, error: Error | undefined): Error | undefined {
  const isAlert = (error as NodeJS.ErrnoException | undefined)?.code?.startsWith("ERR_SSL_") === true;
  return isAlert ? handshakeFault(host, error!) : undefined;
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
