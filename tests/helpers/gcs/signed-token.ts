import { type KeyObject, verify } from "node:crypto";

const SCOPES = new Set([
  "https://www.googleapis.com/auth/devstorage.read_write",
  "https://www.googleapis.com/auth/cloud-platform",
]);

/** Whether a token that an account signed by itself is good now. */
export function isSigned(token: string, key: KeyObject): boolean {
  const [header = "", claims = "", signature = ""] = token.split(".");
  if (!verify("RSA-SHA256", Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url"))) return false;
  const { exp, iat, scope, iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<
    string,
    unknown
  >;
  const now = Date.now() / 1000;
  const hasScope = String(scope)
    .split(" ")
    .some((each) => SCOPES.has(each));
  return (
    hasScope &&
    iss !== undefined &&
    iss === sub &&
    Number(iat) <= now + 60 &&
    Number(exp) > now &&
    Number(exp) <= now + 3660
  );
}
