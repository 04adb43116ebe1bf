import { expect, test } from "vitest";
import { createDatabaseSql, optionText, parseDatabaseDefinition, renameDatabase } from "./database-definition.ts";

const modern =
  "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_DE.utf8';\n";

test("CREATE DATABASE is taken apart and put together for another name", () => {
  const definition = parseDatabaseDefinition(modern)!;
  expect(optionText(definition, "ENCODING")).toBe("UTF8");
  expect(optionText(definition, "LOCALE_PROVIDER")).toBe("libc");
  expect(createDatabaseSql(definition, "shop", 18)).toBe(modern);
  expect(createDatabaseSql(definition, 'A "b"', 18)).toBe(modern.replace("shop", '"A ""b"""'));
});

test("older servers get the words they know", () => {
  const definition = parseDatabaseDefinition(modern)!;
  expect(createDatabaseSql(definition, "shop", 14)).toBe(
    "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'de_DE.utf8';\n",
  );
  expect(createDatabaseSql(definition, "shop", 12)).toBe(
    "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LC_COLLATE = 'de_DE.utf8' LC_CTYPE = 'de_DE.utf8';\n",
  );
});

test("quoted names and values of all kinds", () => {
  const definition = parseDatabaseDefinition(
    `CREATE DATABASE "a ""WITH"" b;" WITH ENCODING = 'UTF8' ICU_RULES = '&a < ''b''' TABLESPACE = "T s";\n`,
  )!;
  expect(optionText(definition, "ICU_RULES")).toBe("&a < 'b'");
  expect(optionText(definition, "TABLESPACE")).toBe("T s");
});

test("anything else is not taken apart", () => {
  for (const sql of [
    "",
    "DROP TABLE x;",
    "CREATE DATABASE a; DROP TABLE x;\n",
    "CREATE DATABASE a WITH X = 'b' DROP;\n",
  ]) {
    expect(parseDatabaseDefinition(sql)).toBeUndefined();
  }
});

test("a renamed database is renamed where statements name it, not in values", () => {
  const sql = [
    "ALTER DATABASE shop SET search_path TO 'DATABASE shop ', 'x';",
    "ALTER DATABASE shop OWNER TO shop;",
    "ALTER ROLE \"shop r\" IN DATABASE shop SET work_mem TO '1MB';",
    "COMMENT ON DATABASE shop IS 'ALTER DATABASE shop ';",
    "REVOKE CONNECT,TEMPORARY ON DATABASE shop FROM PUBLIC;",
    "GRANT ALL ON DATABASE shop TO shop;",
    "ALTER DATABASE shopping SET x TO 'y';",
    "",
  ].join("\n");
  const renamed = renameDatabase(sql, "shop", "New");
  expect(renamed.split("\n")).toEqual([
    "ALTER DATABASE \"New\" SET search_path TO 'DATABASE shop ', 'x';",
    'ALTER DATABASE "New" OWNER TO shop;',
    'ALTER ROLE "shop r" IN DATABASE "New" SET work_mem TO \'1MB\';',
    "COMMENT ON DATABASE \"New\" IS 'ALTER DATABASE shop ';",
    'REVOKE CONNECT,TEMPORARY ON DATABASE "New" FROM PUBLIC;',
    'GRANT ALL ON DATABASE "New" TO shop;',
    "ALTER DATABASE shopping SET x TO 'y';",
    "",
  ]);
  expect(renameDatabase('ALTER DATABASE "a.b$1" SET x TO y;\n', "a.b$1", "$& c")).toBe(
    'ALTER DATABASE "$& c" SET x TO y;\n',
  );
  // As pg_dump --quote-all-identifiers writes it.
  expect(renameDatabase('ALTER DATABASE "shop" OWNER TO "shop";\n', "shop", "new")).toBe(
    'ALTER DATABASE new OWNER TO "shop";\n',
  );
});
