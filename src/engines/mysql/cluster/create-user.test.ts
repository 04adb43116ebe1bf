import { expect, test } from "vitest";
import { type CreateUser, createUserText, readCreateUser, withoutPassword } from "./create-user.ts";
import { StatementText } from "./statement-text.ts";

function read(sql: string): CreateUser {
  return readCreateUser(new StatementText(sql))!;
}

const text = (create: CreateUser): string => createUserText(create, "CREATE USER");

const either =
  "CREATE USER `a`@`%` IDENTIFIED VIA ed25519 USING 'x' OR mysql_native_password USING '*1' OR unix_socket REQUIRE SSL";

test("the clauses of an account are told apart, and roles that come later are left out", () => {
  const create = read(
    "CREATE USER `a``b`@`h%` IDENTIFIED WITH 'caching_sha2_password' AS 0xAB DEFAULT ROLE `r`@`%`,`s`@`%` REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK",
  );
  expect(create).toMatchObject({
    account: { user: "a`b", host: "h%" },
    authentication: [{ plugin: "caching_sha2_password", literal: "0xAB" }],
    identified: "IDENTIFIED WITH 'caching_sha2_password' AS 0xAB",
    more: "REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK",
  });
  expect(read(either).authentication).toHaveLength(3);
});

test("without its password an account is locked, unless something else lets in whom it should", () => {
  expect(
    text(
      withoutPassword(
        read(
          "CREATE USER `a`@`%` IDENTIFIED WITH 'sha256_password' AS 0x1 REQUIRE NONE ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT",
        ),
        "lock",
      ),
    ),
  ).toBe("CREATE USER `a`@`%` IDENTIFIED WITH 'sha256_password' REQUIRE NONE ACCOUNT LOCK PASSWORD HISTORY DEFAULT");
  expect(text(withoutPassword(read("CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*1'"), "lock"))).toBe(
    "CREATE USER `a`@`%` ACCOUNT LOCK",
  );
  expect(text(withoutPassword(read("CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*1'"), "hash"))).toBe(
    `CREATE USER \`a\`@\`%\` IDENTIFIED BY PASSWORD '*${"0".repeat(40)}'`,
  );
  expect(text(withoutPassword(read(either), "lock"))).toBe(
    "CREATE USER `a`@`%` IDENTIFIED VIA unix_socket REQUIRE SSL",
  );
  expect(text(withoutPassword(read("CREATE USER `a`@`%` REQUIRE SSL"), "lock"))).toBe(
    "CREATE USER `a`@`%` REQUIRE SSL",
  );
});
