import { BackupError } from "../../../core/backup-error.ts";
import { shownText, textForPeople } from "../../net/shown-text.ts";
import type { MysqlAuthenticationSpec } from "../connection-spec.ts";
import { malformed } from "../packets/packet-reader.ts";
import type { MysqlChannel } from "./channel.ts";
import { mariadbEd25519Signature } from "./ed25519-signature.ts";
import { encryptedPassword, publicKeyOf, zeroTerminated } from "./encrypted-password.ts";
import { cachingSha2Proof, nativePasswordProof } from "./hash-proofs.ts";
import { parsecResponse } from "./parsec-response.ts";

/** What a plugin works with. */
export interface PluginContext {
  readonly password: string;
  readonly nonce: Buffer;
  readonly channel: MysqlChannel;
  readonly policy: MysqlAuthenticationSpec;
}

/** Our side of one authentication plugin. */
export interface AuthPlugin {
  readonly nonceLength: number;
  /** What is sent first. @throws BackupError AUTH when the channel is not fit for it */
  begin(context: PluginContext): Buffer;
  /** Answers what the server sends besides; undefined: nothing is to be sent. */
  more?(data: Buffer, context: PluginContext): Buffer | undefined;
}

const nothing = Buffer.alloc(0);
/** Second stage of caching_sha2_password: the proof was right, or the password itself is wanted. */
const fastDone = 3;
const fullWanted = 4;
const askForKey = { caching_sha2_password: 0x02, sha256_password: 0x01 } as const;
const pemBegins = Buffer.from("-----BEGIN");

/** MySQL and MariaDB: SHA-1, still the usual one of MariaDB. */
const nativePassword: AuthPlugin = {
  nonceLength: 20,
  begin: ({ password, nonce }) => nativePasswordProof(password, nonce),
};

/** The usual one of MySQL from 8.0 on. */
const cachingSha2: AuthPlugin = {
  nonceLength: 20,
  begin: ({ password, nonce }) => cachingSha2Proof(password, nonce),
  more(data, context) {
    if (data[0] === fastDone && data.length === 1) return undefined;
    if (data[0] === fullWanted && data.length === 1) {
      const isSecret = context.channel.kind !== "tcp";
      return isSecret ? zeroTerminated(context.password) : passwordForKey("caching_sha2_password", context);
    }
    return passwordForSentKey(data, context);
  },
};

/** MySQL 5.6 and newer. Its server side takes the password in clear inside TLS only, not over a Unix socket. */
const sha256: AuthPlugin = {
  nonceLength: 20,
  begin(context) {
    if (context.password === "") return Buffer.from([0]);
    return context.channel.kind === "tls"
      ? zeroTerminated(context.password)
      : passwordForKey("sha256_password", context);
  },
  more: (data, context) => passwordForSentKey(data, context),
};

/** The password itself, for servers that hand it on (LDAP, PAM). */
const clearPassword: AuthPlugin = {
  nonceLength: 0,
  begin({ password, channel, policy }) {
    if (!policy.clearPassword) {
      throw refused(
        "the server wants the password itself (mysql_clear_password)",
        "if the server is to have it, add --enable-cleartext-plugin",
      );
    }
    if (channel.kind === "unix" || channel.isVerified) return zeroTerminated(password);
    throw refused(
      "the server wants the password itself (mysql_clear_password), and it is not proved who the server is",
      "use --ssl-mode verify-full with --ssl-ca, or the Unix socket",
    );
  },
};

/** MariaDB's. */
const ed25519: AuthPlugin = {
  nonceLength: 32,
  begin: ({ password, nonce }) => (password === "" ? nothing : mariadbEd25519Signature(password, nonce)),
};

/** MariaDB 11.6 and newer. */
const parsec: AuthPlugin = {
  nonceLength: 32,
  begin: () => nothing,
  more: (data, { password, nonce }) => parsecResponse(password, nonce, data),
};

/** The operating system tells the server who is at the other end of the Unix socket. */
const socketPeer: AuthPlugin = { nonceLength: 0, begin: () => nothing };

const plugins: ReadonlyMap<string, AuthPlugin> = new Map([
  ["mysql_native_password", nativePassword],
  ["caching_sha2_password", cachingSha2],
  ["sha256_password", sha256],
  ["mysql_clear_password", clearPassword],
  ["client_ed25519", ed25519],
  ["parsec", parsec],
  ["auth_socket", socketPeer],
  ["unix_socket", socketPeer],
]);

/** What a plugin that is not known here is for. */
const otherPlugins: Readonly<Record<string, string>> = {
  mysql_old_password: "passwords of MySQL 4.0",
  dialog: "PAM by questions and answers",
  auth_gssapi_client: "Kerberos",
  authentication_kerberos_client: "Kerberos",
  authentication_ldap_sasl_client: "LDAP with SASL",
  authentication_oci_client: "Oracle's cloud",
  authentication_webauthn_client: "a security key",
  authentication_fido_client: "a security key",
  authentication_openid_connect_client: "OpenID Connect",
  authentication_windows_client: "accounts of Windows",
};

/** @throws BackupError AUTH, which names the plugin and those that can be used */
export function pluginNamed(name: string): AuthPlugin {
  const plugin = plugins.get(name);
  if (plugin !== undefined) return plugin;
  const what = Object.hasOwn(otherPlugins, name) ? ` (${otherPlugins[name]})` : "";
  const shown = shownText(textForPeople(Buffer.from(name, "latin1")));
  throw refused(
    `the server wants authentication by the plugin "${shown}"${what}, which is not supported`,
    `use an account of one of these: ${[...plugins.keys()].join(", ")}`,
  );
}

/** The plugin of the server's greeting when it can begin; else one that every server knows, and switches from. */
export function firstPlugin(name: string): { readonly name: string; readonly plugin: AuthPlugin } {
  const usable = name === "caching_sha2_password" ? name : "mysql_native_password";
  return { name: usable, plugin: plugins.get(usable)! };
}

/** By the key that the user trusts, or the question for the server's, if the user lets us believe what comes. */
function passwordForKey(plugin: keyof typeof askForKey, { password, nonce, policy }: PluginContext): Buffer {
  if (policy.serverPublicKey !== undefined) return encryptedPassword(password, nonce, policy.serverPublicKey);
  if (policy.askForPublicKey) return Buffer.from([askForKey[plugin]]);
  throw refused(
    `the server wants the password by ${plugin}, and the connection has no TLS`,
    "use --ssl-mode require or stronger; or --server-public-key-path with the server's key; or --get-server-public-key, " +
      "which believes whatever key comes",
  );
}

function passwordForSentKey(data: Buffer, { password, nonce, policy, channel }: PluginContext): Buffer {
  const isAskedFor = policy.askForPublicKey && policy.serverPublicKey === undefined && channel.kind !== "tls";
  if (!isAskedFor || data.indexOf(pemBegins) !== 0) throw malformed("a step of the login that nothing asked for");
  return encryptedPassword(password, nonce, publicKeyOf(data));
}

function refused(message: string, hint: string): BackupError {
  return new BackupError({ code: "AUTH", message, hint });
}
