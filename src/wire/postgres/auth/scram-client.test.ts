import { describe, expect, test } from "vitest";
import { ScramClient } from "./scram-client.ts";

/** RFC 7677 section 3. */
const vector = {
  nonce: "rOprNGfwEbeRWgbNEkqO",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal:
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

function client(overrides: Partial<ConstructorParameters<typeof ScramClient>[0]> = {}): ScramClient {
  return new ScramClient({
    secret: { kind: "password", password: "pencil" },
    binding: { kind: "unsupported" },
    maxIterations: 100_000,
    nonce: vector.nonce,
    user: "user",
    ...overrides,
  });
}

describe("a SCRAM client", () => {
  test("answers the vector of RFC 7677", async () => {
    const scram = client();
    expect(scram.clientFirst()).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    expect(await scram.clientFinal(vector.serverFirst)).toBe(vector.clientFinal);
    scram.checkServerFinal(vector.serverFinal);
  });

  test("says that it could bind when the server did not offer it", () => {
    expect(client({ binding: { kind: "not-offered" } }).clientFirst()).toMatch(/^y,,/);
    const bound = client({ binding: { kind: "tls-server-end-point", certificateHash: Buffer.alloc(32) } });
    expect(bound.clientFirst()).toMatch(/^p=tls-server-end-point,,/);
    expect(bound.mechanism).toBe("SCRAM-SHA-256-PLUS");
  });

  test.each([
    ["a wrong signature", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="],
    ["a short signature", "v=6rriTRBi23U="],
    ["an error", "e=other-error"],
    ["nothing", ""],
  ])("refuses a server that proves itself with %s", async (_what, serverFinal) => {
    const scram = client();
    await scram.clientFinal(vector.serverFirst);
    expect(() => scram.checkServerFinal(serverFinal)).toThrow(expect.objectContaining({ code: "AUTH" }));
  });

  test.each([
    ["another nonce", vector.serverFirst.replace("rOprNGf", "rOprNGg")],
    ["our nonce alone", `r=${vector.nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ["too many iterations", vector.serverFirst.replace("4096", "100001")],
    ["no iterations", vector.serverFirst.replace("4096", "0")],
    ["a mandatory extension", `m=x,${vector.serverFirst}`],
    ["rubbish", "hello"],
  ])("refuses a challenge with %s", async (_what, challenge) => {
    await expect(client().clientFinal(challenge)).rejects.toMatchObject({ code: "AUTH" });
  });
});
