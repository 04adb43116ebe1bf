import { BackupError } from "../../core/backup-error.ts";
import { authenticate } from "./auth/authenticate.ts";
import type { ChannelSecurity } from "./auth/channel-security.ts";
import type { ConnectionSpec, HostSpec } from "./connection-spec.ts";
import type { MessageInbox } from "./message-inbox.ts";
import type { MessageLink } from "./message-link.ts";
import {
  type AuthenticationRequest,
  type BackendKey,
  readAuthentication,
  readBackendKeyData,
  readNegotiateProtocolVersion,
  readNoticeFields,
  readParameterStatus,
} from "./messages/backend-messages.ts";
import { malformed } from "./messages/body-reader.ts";
import { startupMessage } from "./messages/frontend-messages.ts";
import { MessageType } from "./messages/message-type.ts";
import type { MessageView } from "./messages/message-view.ts";
import { ServerError, type ServerNotice, serverNotice } from "./server-error.ts";
import type { TextMode } from "./text-codec.ts";

export interface LoginRequest {
  readonly spec: ConnectionSpec;
  readonly host: HostSpec;
  readonly channel: ChannelSecurity;
  readonly text: TextMode;
  readonly onNotice: (notice: ServerNotice) => void;
}

/** What a server tells about the session it opened. */
export interface LoggedIn {
  readonly parameters: Map<string, string>;
  /** Missing: the server cannot cancel. */
  readonly key: BackendKey | undefined;
}

/** Sends the startup message, authenticates, and reads until the server is ready for a query. */
export async function login(link: MessageLink, inbox: MessageInbox, request: LoginRequest): Promise<LoggedIn> {
  const conversation = new LoginConversation(link, inbox, request);
  return conversation.run();
}

class LoginConversation {
  readonly #link: MessageLink;
  readonly #inbox: MessageInbox;
  readonly #request: LoginRequest;
  readonly #parameters = new Map<string, string>();
  #key: BackendKey | undefined;
  #negotiated = false;
  #accepted = false;

  constructor(link: MessageLink, inbox: MessageInbox, request: LoginRequest) {
    this.#link = link;
    this.#inbox = inbox;
    this.#request = request;
  }

  async run(): Promise<LoggedIn> {
    const { spec, host, channel, text } = this.#request;
    void this.#link.transport.write(startupMessage(spec.protocol.maxMinor, startupParameters(spec, text)));
    const peer = {
      send: (message: Buffer) => void this.#link.transport.write(message),
      next: () => this.#authenticationRequest(),
    };
    await authenticate(peer, { user: spec.user, password: host.password }, spec.authentication, channel);
    this.#accepted = true;
    this.#link.setAuthenticated();
    while ((await this.#next()).type !== MessageType.readyForQuery);
    return { parameters: this.#parameters, key: this.#key };
  }

  async #authenticationRequest(): Promise<AuthenticationRequest> {
    const message = await this.#next();
    if (message.type !== MessageType.authentication) throw malformed("a type that the login does not know");
    return readAuthentication(message);
  }

  /** The next message that is an authentication request or ReadyForQuery; others are taken note of. */
  async #next(): Promise<MessageView> {
    for (;;) {
      const message = await this.#inbox.next();
      switch (message.type) {
        case MessageType.errorResponse:
          throw this.#refused(serverNotice(readNoticeFields(message)));
        case MessageType.noticeResponse:
          this.#request.onNotice(serverNotice(readNoticeFields(message)));
          break;
        case MessageType.negotiateProtocolVersion:
          this.#negotiate(message);
          break;
        case MessageType.parameterStatus: {
          const { name, value } = readParameterStatus(message);
          this.#parameters.set(name, value);
          break;
        }
        case MessageType.backendKeyData:
          this.#key = readBackendKeyData(message);
          break;
        case MessageType.authentication:
        case MessageType.readyForQuery:
          if ((message.type === MessageType.authentication) === this.#accepted) throw malformed("a type out of order");
          return message;
        default:
          throw malformed("a type that the login does not know");
      }
    }
  }

  #negotiate(message: MessageView): void {
    const { maxMinor, minMinor } = this.#request.spec.protocol;
    const { minor, unknownOptions } = readNegotiateProtocolVersion(message);
    if (this.#negotiated || this.#accepted || minor > maxMinor || unknownOptions.length > 0) {
      throw malformed("an answer to a protocol version that was not asked for");
    }
    this.#negotiated = true;
    if (minor < minMinor) {
      throw new BackupError({
        code: "PROTOCOL",
        message: `the server speaks protocol 3.${minor} at most, and min_protocol_version asks for 3.${minMinor}`,
        hint: "lower min_protocol_version",
      });
    }
  }

  #refused(notice: ServerNotice): ServerError {
    // Starting up, shutting down, in recovery, or full: another try can help. The rest is about who and what we are.
    const cannotNow = /^(57P0[123]|53)/.test(notice.sqlState);
    return new ServerError(notice, {
      doing: "logging in",
      ...(cannotNow ? { code: "CONNECT" } : {}),
    });
  }
}

function startupParameters(spec: ConnectionSpec, text: TextMode): [string, string][] {
  const parameters: [string, string][] = [
    ["user", spec.user],
    ["database", spec.database],
    ["application_name", spec.applicationName],
  ];
  const encoding = text === "utf8" ? "UTF8" : spec.clientEncoding;
  if (encoding !== undefined) parameters.push(["client_encoding", encoding]);
  if (spec.options !== undefined) parameters.push(["options", spec.options]);
  return parameters;
}
