import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { VaultStandIn } from "../helpers/vault-stand-in.ts";

test("a Vault that does not answer is given up", async () => {
  await using vault = await VaultStandIn.start();
  vault.isSilent = true;
  const encrypt = ["encrypt", "-", "--key-vault", "transit:backup", "--output", "-"];
  const { status, stderr } = await dbbackup(encrypt, { env: { HOME: tmpdir(), ...vault.environment }, input: "x" });
  expect([status, stderr]).toEqual([1, expect.stringContaining("did not answer within")]);
});
