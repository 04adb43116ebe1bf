import { expect, test } from "vitest";
import { Secret } from "../../../core/secret.ts";
import { type ConnectionSpec, connectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { refuseUnsafeSettings } from "./unsafe-settings.ts";

const host = { kind: "tcp", host: "db", address: undefined, port: 5432, password: undefined } as const;
const plain = connectionSpec({ hosts: [host], user: "u" });
const { tls, authentication } = plain;

const refused: readonly [name: string, major: number, spec: Partial<ConnectionSpec>][] = [
  ["require_auth", 15, { authentication: { ...authentication, allowed: new Set(["md5"]) } }],
  ["channel_binding=require", 12, { authentication: { ...authentication, channelBinding: "require" } }],
  ["scram_max_iterations", 18, { authentication: { ...authentication, maxScramIterations: 5000 } }],
  ["sslnegotiation=direct", 16, { tls: { ...tls, negotiation: "direct" } }],
  ["sslrootcert=system", 15, { tls: { ...tls, roots: { kind: "system" } } }],
  ["sslcertmode=require", 15, { tls: { ...tls, certificateMode: "require" } }],
  ["ssl_min_protocol_version", 12, { tls: { ...tls, minVersion: "TLSv1.3" } }],
  ["max_protocol_version", 17, { protocol: { maxMinor: 2, minMinor: 0 } }],
  ["a password of several lines", 18, { hosts: [{ ...host, password: new Secret("a\nb") }] }],
];

test.each(refused)("%s is refused for tools of version %i", (name, major, spec) => {
  expect(() => refuseUnsafeSettings({ ...plain, ...spec }, major)).toThrow(`${name} cannot be given to tools`);
});

test("what tools of this version know is given to them", () => {
  for (const [, , spec] of refused.slice(0, 2)) refuseUnsafeSettings({ ...plain, ...spec }, 18);
  refuseUnsafeSettings(plain, 10);
});
