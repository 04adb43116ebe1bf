import { describe, expect, test } from "vitest";
import { adaptStatement, type GlobalsChoice, type GlobalsTarget, withoutSecrets } from "./adapt-statement.ts";
import { parseGlobalStatement } from "./global-statement.ts";
import { readGlobalsScript } from "./read-globals-script.ts";

const superuser: GlobalsTarget = {
  isSuperuser: true,
  membershipOptions: true,
  roles: new Set(["there"]),
  tablespaces: new Set(["there"]),
};
const plain = { ...superuser, isSuperuser: false };
const before16 = { ...superuser, membershipOptions: false };
const all: GlobalsChoice = { roles: true, tablespaces: true, rolePasswords: true, locations: new Map() };

describe("statements as the target takes them", () => {
  const cases: [string, GlobalsTarget, Partial<GlobalsChoice>, string | undefined][] = [
    ["CREATE ROLE there;", superuser, {}, undefined],
    ['CREATE ROLE "there";', superuser, {}, undefined],
    ['CREATE ROLE "There";', superuser, {}, 'CREATE ROLE "There";'],
    ["ALTER ROLE a WITH NOSUPERUSER LOGIN;", superuser, {}, "ALTER ROLE a WITH NOSUPERUSER LOGIN;"],
    [
      "ALTER ROLE a WITH NOSUPERUSER LOGIN CONNECTION LIMIT 0;",
      plain,
      {},
      "ALTER ROLE a WITH LOGIN CONNECTION LIMIT 0;",
    ],
    ["ALTER ROLE a WITH NOSUPERUSER INHERIT NOLOGIN;", plain, {}, undefined],
    [
      "ALTER ROLE a WITH LOGIN PASSWORD E'x\\\\''; --' VALID UNTIL 'infinity';",
      superuser,
      { rolePasswords: false },
      "ALTER ROLE a WITH LOGIN VALID UNTIL 'infinity';",
    ],
    ["CREATE TABLESPACE there OWNER o LOCATION '/x';", superuser, {}, undefined],
    [
      `CREATE TABLESPACE s OWNER "o""o" LOCATION E'/a\\\\b';`,
      superuser,
      {},
      `CREATE TABLESPACE s OWNER "o""o" LOCATION E'/a\\\\b';`,
    ],
    [
      "CREATE TABLESPACE s LOCATION '/x';",
      superuser,
      { locations: new Map([["s", "/y"]]) },
      "CREATE TABLESPACE s LOCATION '/y';",
    ],
    [
      "GRANT a TO b WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY c;",
      before16,
      {},
      "GRANT a TO b WITH ADMIN OPTION;",
    ],
    ["GRANT a TO b WITH INHERIT TRUE GRANTED BY c;", before16, {}, "GRANT a TO b;"],
    ["GRANT a TO b;", superuser, { roles: false }, undefined],
    ["GRANT CREATE ON TABLESPACE s TO b;", superuser, { roles: false }, "GRANT CREATE ON TABLESPACE s TO b;"],
    ["GRANT CREATE ON TABLESPACE s TO b;", superuser, { noPrivileges: true }, undefined],
    [
      "GRANT SET ON PARAMETER work_mem TO b;",
      superuser,
      { tablespaces: false },
      "GRANT SET ON PARAMETER work_mem TO b;",
    ],
    ["COMMENT ON ROLE a IS 'x';", superuser, { noComments: true }, undefined],
    ["SECURITY LABEL FOR p ON ROLE a IS 'x';", superuser, { noSecurityLabels: true }, undefined],
    ["ALTER ROLE ALL SET work_mem TO '1MB';", superuser, {}, "ALTER ROLE ALL SET work_mem TO '1MB';"],
  ];
  test.each(cases)("%s", (sql, target, choice, expected) => {
    expect(adaptStatement(parseGlobalStatement(sql)!, target, { ...all, ...choice })).toBe(expected);
  });
});

const foreign = [
  "DROP ROLE a;",
  "CREATE ROLE a SUPERUSER;",
  "ALTER ROLE a RENAME TO b;",
  "ALTER ROLE a WITH (SELECT 1);",
  "CREATE DATABASE x;",
  "SELECT pg_read_file('/etc/passwd');",
  "COPY t TO PROGRAM 'sh';",
  "DO $$BEGIN END$$;",
  "ALTER SYSTEM SET archive_command TO 'sh';",
  "GRANT ALL ON DATABASE x TO y;",
  "GRANT a TO b, c;",
  "COMMENT ON DATABASE x IS 'y';",
  "CREATE TABLESPACE s LOCATION '/x' WITH (seq_page_cost = 1);",
];

test.each(foreign)("no script of globals holds %s", async (sql) => {
  await expect(read(`SET client_encoding = 'UTF8';\n${sql}\n`)).rejects.toMatchObject({
    code: "FOREIGN_FILE",
    message: expect.stringContaining("line 2"),
  });
});

test("grants in another role's name stay together with what says so", async () => {
  const group = "SET SESSION AUTHORIZATION a;\nGRANT CREATE ON TABLESPACE s TO b;\nRESET SESSION AUTHORIZATION;";
  expect(await read(`\\restrict x\n${group}\n\\unrestrict x\n`)).toEqual([{ kind: "of-tablespace", sql: group }]);
  await expect(read("SET SESSION AUTHORIZATION a;\nCREATE ROLE b;\nRESET SESSION AUTHORIZATION;\n")).rejects.toThrow(
    "line 2",
  );
  await expect(read("SET SESSION AUTHORIZATION a;\nCREATE ROLE b;\n")).rejects.toThrow("line 2");
  await expect(read("SET SESSION AUTHORIZATION a;\nGRANT CREATE ON TABLESPACE s TO b;\n")).rejects.toThrow(
    "does not end",
  );
  await expect(read("\\connect other\n")).rejects.toThrow("line 1");
});

test("hashes do not reach messages", () => {
  expect(withoutSecrets("ALTER ROLE a WITH PASSWORD E'md5\\\\''x' LOGIN;")).toBe(
    "ALTER ROLE a WITH PASSWORD '...' LOGIN;",
  );
});

function read(text: string) {
  return readGlobalsScript(
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
}
