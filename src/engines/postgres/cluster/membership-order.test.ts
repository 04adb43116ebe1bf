import { expect, test } from "vitest";
import type { Membership } from "./globals.ts";
import { orderMemberships } from "./membership-order.ts";

function grant(role: string, member: string, grantor: string, hasAdminOption = false): Membership {
  const since16 = { grantor, grantorIsBootstrap: grantor === "boot", inherits: true, maySet: true };
  return { role, member, hasAdminOption, since16 };
}

test("nobody grants before the admin option was granted to him", () => {
  const [a, b, c, d] = [
    grant("r", "a", "c"),
    grant("r", "b", "boot", true),
    grant("r", "c", "b", true),
    grant("r", "d", "boot"),
  ];
  expect(orderMemberships([a, b, c, d])).toEqual({ ordered: [b, c, d, a], impossible: [] });
});

test("the right to grant one role is no right to grant another", () => {
  const [own, other] = [grant("r", "a", "boot", true), grant("s", "b", "a")];
  expect(orderMemberships([own, other])).toEqual({ ordered: [own], impossible: [other] });
});

test("grantors that wait for each other are told, not waited for", () => {
  const circle = [grant("r", "a", "b", true), grant("r", "b", "a", true)];
  expect(orderMemberships(circle)).toEqual({ ordered: [], impossible: circle });
});

test("servers before 16 do not keep who granted", () => {
  const plain = { role: "r", member: "a", hasAdminOption: false };
  expect(orderMemberships([plain])).toEqual({ ordered: [plain], impossible: [] });
});
