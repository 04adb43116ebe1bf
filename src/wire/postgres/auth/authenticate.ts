import { BackupError } from "../../../core/backup-error.ts";
import type { Secret } from "../../../core/secret.ts";
import { shownText } from "../../net/shown-text.ts";
import type { AuthenticationSpec } from "../connection-spec.ts";
import type { AuthenticationRequest } from "../messages/backend-messages.ts";
import { passwordMessage, saslInitialResponse, saslResponse } from "../messages/frontend-messages.ts";
import { checkMethodAllowed } from "./authentication-policy.ts";
import { certificateHash } from "./certificate-hash.ts";
import type { ChannelSecurity } from "./channel-security.ts";
import { md5Password } from "./md5-password.ts";
import { type ScramBinding, ScramClient, type ScramSecret } from "./scram-client.ts";

/** The conversation as the login sees it. */
export interface AuthenticationPeer {
  send(message: Buffer): void;
  /** The next authentication request; a server's error rejects. */
  next(): Promise<AuthenticationRequest>;
}

export interface Credentials {
  readonly user: string;
  readonly password: Secret | undefined;
}

/**
 * Answers a server's authentication requests until it is content.
 * @throws BackupError AUTH when the server asks for something that our rules forbid, or does not prove itself.
 */
export async function authenticate(
  peer: AuthenticationPeer,
  credentials: Credentials,
  spec: AuthenticationSpec,
  channel: ChannelSecurity,
): Promise<void> {
  const request = await peer.next();
  switch (request.kind) {
    case "ok":
      return checkMethodAllowed("none", spec, channel);
    case "cleartext":
      checkMethodAllowed("password", spec, channel);
      peer.send(passwordMessage(passwordOf(credentials)));
      return expectOk(peer);
    case "md5":
      checkMethodAllowed("md5", spec, channel);
      peer.send(passwordMessage(md5Password(credentials.user, passwordOf(credentials), request.salt)));
      return expectOk(peer);
    case "sasl":
      checkMethodAllowed("scram-sha-256", spec, channel);
      await scram(peer, request.mechanisms, credentials, spec, channel);
      return expectOk(peer);
    case "sasl-continue":
    case "sasl-final":
      throw outOfOrder();
    case "unsupported":
      throw new BackupError({
        code: "AUTH",
        message: `the server asks for authentication method "${shownText(request.method)}", which is not supported`,
        hint: "let pg_hba.conf of the server ask for scram-sha-256 or a certificate",
      });
    default:
      return request satisfies never;
  }
}

async function scram(
  peer: AuthenticationPeer,
  mechanisms: readonly string[],
  credentials: Credentials,
  spec: AuthenticationSpec,
  channel: ChannelSecurity,
): Promise<void> {
  const client = new ScramClient({
    secret: scramSecret(credentials, spec),
    binding: chooseBinding(mechanisms, spec, channel),
    maxIterations: spec.maxScramIterations,
  });
  peer.send(saslInitialResponse(client.mechanism, client.clientFirst()));
  const challenge = await peer.next();
  if (challenge.kind !== "sasl-continue") throw outOfOrder();
  peer.send(saslResponse(await client.clientFinal(challenge.data.toString("utf8"))));
  const final = await peer.next();
  if (final.kind !== "sasl-final") throw outOfOrder();
  client.checkServerFinal(final.data.toString("utf8"));
}

function chooseBinding(
  mechanisms: readonly string[],
  spec: AuthenticationSpec,
  channel: ChannelSecurity,
): ScramBinding {
  const canBind = channel.certificate !== undefined && spec.channelBinding !== "disable";
  if (canBind && mechanisms.includes("SCRAM-SHA-256-PLUS")) {
    return { kind: "tls-server-end-point", certificateHash: certificateHash(channel.certificate) };
  }
  if (spec.channelBinding === "require") {
    throw new BackupError({
      code: "AUTH",
      message:
        channel.kind === "tls"
          ? "channel binding is required, but the server does not offer it"
          : "channel binding is required, but the connection does not use TLS",
      hint: "use sslmode=require or better with a server of version 11 or newer, or set channel_binding=prefer",
    });
  }
  if (mechanisms.includes("SCRAM-SHA-256")) return { kind: canBind ? "not-offered" : "unsupported" };
  throw new BackupError({
    code: "AUTH",
    message: `the server offers only unknown authentication mechanisms: ${mechanisms.map((name) => `"${shownText(name)}"`).join(", ")}`,
    hint: "let pg_hba.conf of the server ask for scram-sha-256 or a certificate",
  });
}

function scramSecret(credentials: Credentials, spec: AuthenticationSpec): ScramSecret {
  if (spec.scramClientKey !== undefined && spec.scramServerKey !== undefined) {
    return {
      kind: "keys",
      clientKey: Buffer.from(spec.scramClientKey.reveal(), "base64"),
      serverKey: Buffer.from(spec.scramServerKey.reveal(), "base64"),
    };
  }
  return { kind: "password", password: passwordOf(credentials) };
}

function passwordOf(credentials: Credentials): string {
  if (credentials.password !== undefined) return credentials.password.reveal();
  throw new BackupError({
    code: "AUTH",
    message: `the server asks for a password of user "${shownText(credentials.user)}", and none was given`,
    hint: "use --password-file, PGPASSWORD or ~/.pgpass",
  });
}

async function expectOk(peer: AuthenticationPeer): Promise<void> {
  if ((await peer.next()).kind !== "ok") throw outOfOrder();
}

function outOfOrder(): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: "the server's authentication messages come in an order that the protocol does not know",
    hint: "a proxy between here and the server may be broken; try a direct connection",
  });
}
