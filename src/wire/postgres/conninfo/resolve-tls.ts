import { existsSync } from "node:fs";
import { join } from "node:path";
import { configError } from "../../net/config-error.ts";
import {
  readCertificates,
  readClientCertificate,
  readRevocationFolder,
  readRevocationList,
} from "../../net/tls/tls-files.ts";
import type { TlsVersion } from "../../net/tls/tls-material.ts";
import { type SslMode, sslModes, type TlsSpec } from "../connection-spec.ts";
import { type ConnectionEnvironment, postgresqlFolder } from "./connection-environment.ts";
import type { Address } from "./resolve-hosts.ts";
import { isLocal } from "./resolve-hosts.ts";
import type { SettingLayers } from "./setting-layers.ts";

const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const satisfies readonly TlsVersion[];

/** Everything about TLS; reads the files it needs. */
export function resolveTls(
  settings: SettingLayers,
  addresses: readonly Address[],
  environment: ConnectionEnvironment,
): TlsSpec {
  const folder = postgresqlFolder(environment);
  const rootFile = settings.get("sslrootcert") ?? ifThere(join(folder, "root.crt"));
  const mode = resolveMode(settings, rootFile, addresses);
  const negotiation = settings.choice("sslnegotiation", ["postgres", "direct"], "postgres");
  if (negotiation === "direct" && ["disable", "allow", "prefer"].includes(mode)) {
    throw configError(`sslnegotiation=direct cannot be used with sslmode=${mode}`, "use sslmode=require or stronger");
  }
  if (settings.flag("sslcompression", false)) {
    throw configError("sslcompression=1 is not supported: TLS has no safe compression", "remove sslcompression");
  }
  const versions = resolveVersions(settings);
  const certificateMode = settings.choice("sslcertmode", ["disable", "allow", "require"], "allow");
  // Files that no connection will use need not exist.
  const isUsed = mode !== "disable" && addresses.some((address) => address.kind === "tcp");
  const clientCertificate =
    isUsed && certificateMode !== "disable" ? resolveClientCertificate(settings, folder) : undefined;
  if (isUsed && certificateMode === "require" && clientCertificate === undefined) {
    throw configError("sslcertmode=require needs a client certificate", "name it with --ssl-cert and --ssl-key");
  }
  return {
    mode,
    negotiation,
    roots: isUsed ? resolveRoots(rootFile, mode) : { kind: "none" },
    clientCertificate,
    certificateMode,
    revocationLists: isUsed ? resolveRevocationLists(settings, folder) : [],
    ...versions,
    sni: settings.flag("sslsni", true),
  };
}

/**
 * An explicit sslmode means what libpq says. Without one, the server is checked when there is something to check it
 * against and bytes leave this machine.
 */
function resolveMode(settings: SettingLayers, rootFile: string | undefined, addresses: readonly Address[]): SslMode {
  const usual = rootFile !== undefined && !addresses.every(isLocal) ? "verify-full" : "prefer";
  const mode = settings.choice("sslmode", sslModes, rootFile === "system" ? "verify-full" : usual);
  if (rootFile === "system" && mode !== "verify-full") {
    throw configError(
      `sslmode=${mode} is too weak for sslrootcert=system: anybody can have a certificate that the system trusts`,
      "use sslmode=verify-full",
    );
  }
  return mode;
}

function resolveRoots(rootFile: string | undefined, mode: SslMode): TlsSpec["roots"] {
  if (rootFile === "system") return { kind: "system" };
  // As in libpq, roots that are there are used with every mode. A file that was named and is missing is an error with
  // every mode too: libpq would go on without checking the server.
  if (rootFile !== undefined) return { kind: "pem", path: rootFile, certificates: readCertificates(rootFile) };
  if (mode !== "verify-ca" && mode !== "verify-full") return { kind: "none" };
  throw configError(
    `sslmode=${mode} needs trusted certificates, and there is no ~/.postgresql/root.crt`,
    "name the file with --ssl-ca (sslrootcert), use sslrootcert=system, or a weaker sslmode that does not check the server",
  );
}

function resolveClientCertificate(settings: SettingLayers, folder: string): TlsSpec["clientCertificate"] {
  const explicit = settings.get("sslcert");
  const certificateFile = explicit ?? ifThere(join(folder, "postgresql.crt"));
  if (certificateFile === undefined) return undefined;
  const keyFile = settings.get("sslkey") ?? join(folder, "postgresql.key");
  return readClientCertificate(certificateFile, keyFile, settings.get("sslpassword"));
}

function resolveRevocationLists(settings: SettingLayers, folder: string): string[] {
  const file = settings.get("sslcrl");
  const listFolder = settings.get("sslcrldir");
  if (file === undefined && listFolder === undefined) {
    const usual = ifThere(join(folder, "root.crl"));
    return usual === undefined ? [] : readRevocationList(usual);
  }
  return [
    ...(file === undefined ? [] : readRevocationList(file)),
    ...(listFolder === undefined ? [] : readRevocationFolder(listFolder)),
  ];
}

function resolveVersions(settings: SettingLayers): Pick<TlsSpec, "minVersion" | "maxVersion"> {
  const minVersion = settings.choice("ssl_min_protocol_version", tlsVersions, "TLSv1.2");
  const maxVersion =
    settings.get("ssl_max_protocol_version") === undefined
      ? undefined
      : settings.choice("ssl_max_protocol_version", tlsVersions, "TLSv1.3");
  if (maxVersion !== undefined && tlsVersions.indexOf(maxVersion) < tlsVersions.indexOf(minVersion)) {
    throw configError(
      `ssl_min_protocol_version=${minVersion} is above ssl_max_protocol_version=${maxVersion}`,
      "leave out one of them",
    );
  }
  return { minVersion, maxVersion };
}

function ifThere(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
