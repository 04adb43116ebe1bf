import { readdirSync } from "node:fs";
import { join } from "node:path";
import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import {
  readCertificates,
  readClientCertificate,
  readRevocationFolder,
  readRevocationList,
} from "../../net/tls/tls-files.ts";
import type { TlsVersion } from "../../net/tls/tls-material.ts";
import type { MysqlHost, MysqlTlsMode, MysqlTlsSpec } from "../connection-spec.ts";
import type { ClientSettings } from "./client-settings.ts";

const modeWords: Readonly<Record<string, MysqlTlsMode>> = {
  disable: "disable",
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
  DISABLED: "disable",
  PREFERRED: "prefer",
  REQUIRED: "require",
  VERIFY_CA: "verify-ca",
  VERIFY_IDENTITY: "verify-full",
};

const versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const satisfies readonly TlsVersion[];
/** OpenSSL's own. Naming ciphers of older versions only would switch TLS 1.3 off. */
const usualSuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/** Everything about TLS; reads the files it needs. @throws BackupError CONFIG */
export function resolveMysqlTls(settings: ClientSettings, host: MysqlHost): MysqlTlsSpec {
  const hasRoots = settings.get("ssl-ca") !== undefined || settings.get("ssl-capath") !== undefined;
  const mode = resolveMode(settings, hasRoots, host);
  // Files that no connection will use need not exist.
  const isUsed = mode !== "disable" && !(mode === "prefer" && host.kind === "unix");
  return {
    mode,
    roots: isUsed ? resolveRoots(settings, mode) : { kind: "none" },
    clientCertificate: isUsed ? resolveClientCertificate(settings) : undefined,
    revocationLists: isUsed ? resolveRevocationLists(settings) : [],
    ...resolveVersions(settings),
    ciphers: resolveCiphers(settings),
  };
}

/** What the user should know about a mode. */
export function mysqlTlsWarnings({ mode, roots }: MysqlTlsSpec, host: MysqlHost): string[] {
  if (isLocal(host) || mode === "verify-full") return [];
  if (mode === "disable") return ["--ssl-mode disable: nothing is encrypted on the network"];
  if (mode === "prefer") {
    return [
      "--ssl-mode prefer: the connection may be unencrypted, and the server's identity is not checked; " +
        "use --ssl-mode verify-full with a CA certificate",
    ];
  }
  if (roots.kind === "none") {
    return [
      `--ssl-mode ${mode}: encrypted, but the server's identity is not checked; use --ssl-mode verify-full with a CA certificate`,
    ];
  }
  return [`--ssl-mode ${mode}: the server's certificate is checked, but not that it belongs to the host`];
}

/**
 * An explicit mode means what the clients say. MariaDB's have flags instead. Without any, the server is checked when there is
 * something to check it against and bytes leave this machine.
 */
function resolveMode(settings: ClientSettings, hasRoots: boolean, host: MysqlHost): MysqlTlsMode {
  const word = settings.choice("ssl-mode", Object.keys(modeWords));
  if (word !== undefined) return modeWords[word]!;
  if (settings.flag("ssl") === false) return "disable";
  const verifies = settings.flag("ssl-verify-server-cert");
  if (verifies === true) return "verify-full";
  if (settings.flag("ssl") === true) return "require";
  return hasRoots && verifies === undefined && !isLocal(host) ? "verify-full" : "prefer";
}

function resolveRoots(settings: ClientSettings, mode: MysqlTlsMode): MysqlTlsSpec["roots"] {
  const file = settings.get("ssl-ca");
  const folder = settings.get("ssl-capath");
  if (file === "system" || (file === undefined && folder === undefined && mode === "verify-full")) {
    return { kind: "system" };
  }
  const certificates = [
    ...(file === undefined ? [] : [readCertificates(file)]),
    ...(folder === undefined ? [] : readCertificateFolder(folder)),
  ];
  if (certificates.length > 0) return { kind: "pem", path: file ?? folder!, certificates: certificates.join("\n") };
  if (mode !== "verify-ca") return { kind: "none" };
  throw configError(
    "--ssl-mode verify-ca needs trusted certificates",
    "name the file with --ssl-ca, or use a weaker mode that does not check the server",
  );
}

/** A folder as `openssl rehash` makes it: `<8 hexadecimal digits>.<number>`. */
function readCertificateFolder(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw configError(`folder of certificates "${shownText(folder)}" cannot be read: ${code}`, "check its path", error);
  }
  if (names.length === 0) {
    throw configError(`folder "${shownText(folder)}" holds no certificates`, "run openssl rehash on it");
  }
  return names.toSorted().map((name) => readCertificates(join(folder, name)));
}

function resolveClientCertificate(settings: ClientSettings): MysqlTlsSpec["clientCertificate"] {
  const certificate = settings.get("ssl-cert");
  const key = settings.get("ssl-key");
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined) {
    throw configError("ssl-key is given without the certificate that it belongs to", "add --ssl-cert");
  }
  return readClientCertificate(certificate, key ?? certificate, undefined);
}

function resolveRevocationLists(settings: ClientSettings): string[] {
  const file = settings.get("ssl-crl");
  const folder = settings.get("ssl-crlpath");
  return [
    ...(file === undefined ? [] : readRevocationList(file)),
    ...(folder === undefined ? [] : readRevocationFolder(folder)),
  ];
}

function resolveVersions(settings: ClientSettings): Pick<MysqlTlsSpec, "minVersion" | "maxVersion"> {
  const text = settings.get("tls-version");
  if (text === undefined) return { minVersion: undefined, maxVersion: undefined };
  const wanted = text.split(",").map((word) => word.trim().toLowerCase());
  const places = wanted.map((word) => versions.findIndex((version) => version.toLowerCase() === word));
  const [least, most] = [Math.min(...places), Math.max(...places)];
  // A gap in between cannot be asked for.
  if (least < 0 || new Set(places).size !== most - least + 1) {
    throw configError(`tls-version has the wrong value "${shownText(text)}"`, "use TLSv1.2, TLSv1.3 or both");
  }
  return { minVersion: versions[least], maxVersion: versions[most] };
}

function resolveCiphers(settings: ClientSettings): string | undefined {
  const older = settings.get("ssl-cipher");
  const newer = settings.get("tls-ciphersuites");
  if (older === undefined && newer === undefined) return undefined;
  return [newer ?? usualSuites, older ?? "HIGH"].join(":");
}

export function isLocal(host: MysqlHost): boolean {
  return host.kind === "unix" || host.host === "localhost" || host.host === "::1" || host.host.startsWith("127.");
}
