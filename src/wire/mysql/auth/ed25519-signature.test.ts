import { createPrivateKey, sign } from "node:crypto";
import { expect, test } from "vitest";
import { mariadbEd25519Signature } from "./ed25519-signature.ts";

test("with a password of 32 bytes it is the standard's signature", () => {
  for (const [password, message] of [
    ["0123456789abcdef0123456789abcdef", Buffer.from("a nonce")],
    ["~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", Buffer.alloc(32, 7)],
  ] as const) {
    const key = createPrivateKey({
      key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(password)]),
      format: "der",
      type: "pkcs8",
    });
    expect(mariadbEd25519Signature(password, message)).toEqual(sign(null, message, key));
  }
});
