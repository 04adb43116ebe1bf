import { expect, test } from "vitest";
import { BackupError } from "../../core/backup-error.ts";
import { commands } from "./commands.ts";
import { parseCommandLine } from "./parse-command-line.ts";

function refusal(args: string, environment: Record<string, string> = {}): string | undefined {
  try {
    parseCommandLine(args.split(" "), environment, commands);
    return undefined;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    expect(error.exitStatus).toBe(2);
    return error.message;
  }
}

test("options of PostgreSQL are refused for a server of MySQL or MariaDB", () => {
  const message = 'option "--no-publications" is for PostgreSQL only';
  for (const server of ["--url mysql://db1/", "--url mariadb://db1/", "--db-type mysql", "--db-type mariadb"]) {
    expect(refusal(`backup single shop --no-publications ${server}`)).toBe(message);
    expect(refusal(`restore single shop.sql --no-publications ${server}`)).toBe(message);
  }
  expect(refusal("backup single shop --no-publications")).toBeUndefined();
  expect(refusal("backup single shop --no-publications --url host=db1")).toBeUndefined();
});

test("a restore that names no server asks its backup what it is", () => {
  expect(refusal("restore single shop.sql --no-publications")).toBeUndefined();
});

test("a backup that is verified says what it is", () => {
  expect(refusal("verify shop.sql --restore")).toBeUndefined();
  expect(refusal("verify shop.sql --restore --db-type mysql")).toBeUndefined();
  expect(refusal("verify shop.sql --db-type mysql")).toBeUndefined();
});

test("so are variables of the environment", () => {
  const environment = { DBBACKUP_SPLIT_LARGER_THAN: "1M" };
  expect(refusal("backup single shop --url mysql://db1/", environment)).toBe(
    'environment variable "DBBACKUP_SPLIT_LARGER_THAN" is for PostgreSQL only',
  );
});

test("a kind that contradicts the URL is refused; a URL on the command line wins over the environment's kind", () => {
  expect(refusal("backup single shop --db-type mysql --url postgres://db1/")).toBe(
    '"--db-type mysql" contradicts the URL, which names a server of PostgreSQL',
  );
  expect(refusal("backup single shop --db-type mysql --url mariadb://db1/")).toBeUndefined();
  expect(refusal("backup single shop --url mysql://db1/", { DBBACKUP_DB_TYPE: "postgres" })).toBeUndefined();
  expect(refusal("backup single shop --role r", { DBBACKUP_DB_TYPE: "mysql" })).toBe(
    'option "--role" is for PostgreSQL only',
  );
});
