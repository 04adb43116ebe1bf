import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/**
 * Whether a certificate is for `host`, by libpq's rules: names in the subject alternative names; a `*` stands for one
 * whole label; the common name counts only where no alternative name of that kind is there; an address is looked for
 * among addresses, then among names.
 */
export function isForHost(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0 && certificate.checkIP(host) !== undefined) return true;
  const hasAddresses = /(^|, )IP Address:/.test(certificate.subjectAltName ?? "");
  return (
    certificate.checkHost(host, {
      // Only when there are no names among the alternative ones.
      subject: isIP(host) !== 0 && hasAddresses ? "never" : "default",
      wildcards: isIP(host) === 0,
      partialWildcards: false,
    }) !== undefined
  );
}
