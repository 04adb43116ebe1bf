import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { Authority, type CertificateWish } from "../../../../tests/helpers/certificates.ts";
import { isForHost } from "./host-name-check.ts";

const authority = new Authority("name test");

function check(host: string, wish: Partial<CertificateWish>): boolean {
  return isForHost(new X509Certificate(authority.issue({ commonName: "cn.test", ...wish }).certificate), host);
}

test.each<[string, Partial<CertificateWish>, boolean]>([
  ["cn.test", {}, true],
  ["cn.test", { names: ["db.test"] }, false],
  ["db.test", { names: ["other.test", "db.test"] }, true],
  ["DB.Test", { names: ["db.test"] }, true],
  ["a.db.test", { names: ["*.db.test"] }, true],
  ["a.b.db.test", { names: ["*.db.test"] }, false],
  ["db.test", { names: ["*.db.test"] }, false],
  ["a1.db.test", { names: ["a*.db.test"] }, false],
  ["127.0.0.1", { addresses: ["127.0.0.1"] }, true],
  ["127.0.0.2", { addresses: ["127.0.0.1"] }, false],
  ["::1", { addresses: ["::1"] }, true],
  ["127.0.0.1", { names: ["127.0.0.1"] }, true],
  ["127.0.0.1", { commonName: "127.0.0.1" }, true],
  ["127.0.0.1", { commonName: "127.0.0.1", addresses: ["127.0.0.2"] }, false],
  ["127.0.0.1", { names: ["*.0.0.1"] }, false],
  ["cn.test", { addresses: ["127.0.0.1"] }, true],
])("%s against %o: %s", (host, wish, expected) => {
  expect(check(host, wish)).toBe(expected);
});
