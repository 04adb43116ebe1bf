import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { TlsMaterial } from "./tls-material.ts";

/** Reading hundreds of system roots takes tens of milliseconds: once for all connections of a specification. */
const contexts = new WeakMap<TlsMaterial, SecureContext>();

export function tlsContext(spec: TlsMaterial): SecureContext {
  const known = contexts.get(spec);
  if (known !== undefined) return known;
  const { roots, clientCertificate, revocationLists, minVersion, maxVersion, ciphers } = spec;
  const context = createSecureContext({
    // Without roots nothing is checked; an empty list keeps Node from reading its own.
    ca: roots.kind === "pem" ? roots.certificates : roots.kind === "system" ? getCACertificates("system") : [],
    ...(clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certificate, key: clientCertificate.key.reveal() }),
    // Checking needs lists for the whole chain, as in libpq; they count only where the chain is checked.
    ...(revocationLists.length === 0 || roots.kind === "none" ? {} : { crl: [...revocationLists] }),
    minVersion: minVersion ?? "TLSv1.2",
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
  });
  contexts.set(spec, context);
  return context;
}
