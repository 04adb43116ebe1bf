import { describe, expect, test } from "vitest";
import { type AuthenticationMethod, type AuthenticationSpec, connectionSpec } from "../connection-spec.ts";
import { checkMethodAllowed } from "./authentication-policy.ts";
import type { ChannelSecurity } from "./channel-security.ts";

const usual = connectionSpec({ hosts: [], user: "ann" }).authentication;

function allowing(...methods: AuthenticationMethod[]): AuthenticationSpec {
  return { ...usual, allowed: new Set(methods), allowedByName: true };
}

const base: ChannelSecurity = { kind: "tcp", isLoopback: false, isVerified: false, certificate: undefined };
const channels = {
  remote: base,
  loopback: { ...base, isLoopback: true },
  unix: { ...base, kind: "unix", isLoopback: true },
  tls: { ...base, kind: "tls" },
  verified: { ...base, kind: "tls", isVerified: true },
} satisfies Record<string, ChannelSecurity>;

describe("which method is used over which connection", () => {
  test.each<[AuthenticationMethod, AuthenticationSpec, (keyof typeof channels)[]]>([
    ["scram-sha-256", usual, ["remote", "loopback", "unix", "tls", "verified"]],
    ["none", usual, ["remote", "loopback", "unix", "tls", "verified"]],
    ["md5", usual, ["loopback", "unix", "tls", "verified"]],
    ["md5", allowing("md5"), ["remote", "loopback", "unix", "tls", "verified"]],
    ["md5", { ...allowing("md5"), allowedByName: false }, ["loopback", "unix", "tls", "verified"]],
    ["password", usual, []],
    ["password", allowing("password"), ["unix", "verified"]],
    ["password", { ...allowing("password"), allowedByName: false }, []],
    ["scram-sha-256", allowing("md5", "none"), []],
    ["none", { ...usual, channelBinding: "require" }, []],
    ["md5", { ...usual, channelBinding: "require" }, []],
  ])("%s with %o", (method, spec, expected) => {
    const allowed = Object.entries(channels).filter(([, channel]) => {
      try {
        checkMethodAllowed(method, spec, channel);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: "AUTH", hint: expect.any(String) });
        return false;
      }
    });
    expect(allowed.map(([name]) => name)).toEqual(expected);
  });
});
