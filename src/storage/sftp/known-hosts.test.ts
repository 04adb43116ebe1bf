import { createHmac, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { fingerprint, KnownHosts } from "./known-hosts.ts";

const ed25519 = keyOf("ssh-ed25519");
const rsa = keyOf("ssh-rsa");

function keyOf(type: string): { readonly line: string; readonly bytes: Buffer } {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  const bytes = Buffer.concat([length, Buffer.from(type), randomBytes(32)]);
  return { line: `${type} ${bytes.toString("base64")} somebody@somewhere`, bytes };
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

test.each([
  ["host.example.com", "host.example.com", 22, "known"],
  ["other,host.example.com", "HOST.example.com", 22, "known"],
  ["host.example.com", "host.example.com", 2222, "unknown"],
  ["[host.example.com]:2222", "host.example.com", 2222, "known"],
  ["[host.example.com]:2222", "host.example.com", 22, "unknown"],
  ["*.example.com", "host.example.com", 22, "known"],
  ["*.example.com,!host.example.com", "host.example.com", 22, "unknown"],
  ["h?st.*.com", "host.example.com", 22, "known"],
  ["h?st", "hoost", 22, "unknown"],
  ["host.*", "xhost.example.com", 22, "unknown"],
  [hashed("host.example.com"), "host.example.com", 22, "known"],
  [hashed("[host.example.com]:2222"), "host.example.com", 2222, "known"],
  [hashed("host.example.com"), "host2.example.com", 22, "unknown"],
  ["|2|a|b", "host.example.com", 22, "unknown"],
])("the line of %s says of %s, port %i: %s", (patterns, host, port, verdict) => {
  const hosts = new KnownHosts([`# text\n\n${patterns} ${ed25519.line}\r\n`]);
  expect(hosts.judge(host, port, ed25519.bytes)).toBe(verdict);
});

test("other keys, revoked ones and authorities are told apart", () => {
  expect(new KnownHosts([`host ${rsa.line}`]).judge("host", 22, ed25519.bytes)).toBe("other");
  expect(new KnownHosts([`host ${rsa.line}`, `host ${ed25519.line}`]).judge("host", 22, ed25519.bytes)).toBe("known");
  const revoked = new KnownHosts([`host ${ed25519.line}\n@revoked * ${ed25519.line}`]);
  expect(revoked.judge("host", 22, ed25519.bytes)).toBe("revoked");
  expect(revoked.typesOf("host", 22)).toEqual(["ssh-ed25519"]);
  const authority = new KnownHosts([`@cert-authority *.com ${ed25519.line}`]);
  expect(authority.judge("host.com", 22, ed25519.bytes)).toBe("authority");
  expect(authority.judge("host.org", 22, ed25519.bytes)).toBe("unknown");
});

test("lines that are no keys are passed over", () => {
  const text = `host\nhost ssh-rsa\nhost ssh-rsa ${ed25519.bytes.toString("base64")}\n@other host ${ed25519.line}\nhost 2048 35 123`;
  expect(new KnownHosts([text]).judge("host", 22, ed25519.bytes)).toBe("unknown");
  expect(fingerprint(ed25519.bytes)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});
