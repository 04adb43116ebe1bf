import type { Secret } from "../../../core/secret.ts";

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** What a TLS connection is made with: files are read already. */
export interface TlsMaterial {
  /** What the server's certificate is checked against; none: it is not checked. */
  readonly roots: TrustedRoots;
  readonly clientCertificate: ClientCertificate | undefined;
  /** PEM, one list each. */
  readonly revocationLists: readonly string[];
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
  /** As OpenSSL takes them; undefined: Node's own choice. */
  readonly ciphers?: string | undefined;
}

export type TrustedRoots =
  | { readonly kind: "pem"; readonly path: string; readonly certificates: string }
  | { readonly kind: "system" }
  | { readonly kind: "none" };

export interface ClientCertificate {
  /** PEM, with its chain. */
  readonly certificate: string;
  /** PEM, without a password. */
  readonly key: Secret;
  /** Where they came from. */
  readonly files?: { readonly certificate: string; readonly key: string; readonly hasPassword: boolean };
}
