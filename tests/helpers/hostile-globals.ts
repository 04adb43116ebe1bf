import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresServer } from "./postgres-server.ts";
import { serverUser } from "./server-user.ts";
import { quoteLiteral } from "./test-database.ts";

/** Of a role whose name tries to end its quotes, its comment and its line. */
export const hostileRole = "x\"; DROP ROLE app;\n-- '$$\\";

/** Fills a server with roles, memberships, tablespaces and settings of every kind that its version has. */
export async function loadHostileGlobals(server: PostgresServer): Promise<void> {
  const { major } = server;
  const quoted = `"${hostileRole.replaceAll('"', '""')}"`;
  const options = major >= 16;
  await server.sql(`
    CREATE ROLE app LOGIN PASSWORD 'secret of app' CONNECTION LIMIT 7 VALID UNTIL '2031-02-03 04:05:06+00';
    CREATE ROLE "Group One" NOINHERIT CREATEROLE CREATEDB REPLICATION BYPASSRLS;
    CREATE ROLE ${quoted} LOGIN PASSWORD 'o''\\clock';
    CREATE ROLE "rôle é" VALID UNTIL 'infinity' CONNECTION LIMIT 0;
    CREATE ROLE "user" SUPERUSER;
    CREATE ROLE nested;
    SET password_encryption = 'md5';
    CREATE ROLE old_hash LOGIN PASSWORD 'md5 of this';
    COMMENT ON ROLE app IS 'a \\ and a '' and a
line';
    COMMENT ON ROLE ${quoted} IS 'owner';
    ALTER ROLE app SET search_path TO "My Schema", public;
    ALTER ROLE app SET work_mem TO '12MB';
    ALTER ROLE ${quoted} SET application_name TO 'it''s \\ me';
    ALTER ROLE "rôle é" SET myext.setting TO 'x';
    GRANT "Group One" TO app WITH ADMIN OPTION;
    SET ROLE app;
    GRANT "Group One" TO ${quoted};
    RESET ROLE;
    GRANT ${quoted} TO "rôle é";
    GRANT pg_monitor TO app;
    ${
      options
        ? `GRANT nested TO app WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
           GRANT nested TO zz_last WITH ADMIN OPTION GRANTED BY app;
           GRANT nested TO aa_first WITH INHERIT TRUE GRANTED BY zz_last;
           GRANT nested TO aa_first WITH SET FALSE;`.replace(/^/, "CREATE ROLE zz_last; CREATE ROLE aa_first;\n")
        : "GRANT nested TO app;"
    }
    ${
      major >= 15
        ? `GRANT SET ON PARAMETER work_mem TO app WITH GRANT OPTION;
           GRANT ALTER SYSTEM ON PARAMETER "myext.other" TO ${quoted};
           GRANT ALL ON PARAMETER log_statement TO "rôle é";`
        : ""
    }
  `);
  for (const [name, owner] of [
    ["plain_space", "app"],
    ['Odd "space"', quoted],
  ] as const) {
    const folder = join(server.socketDirectory, `space of ${name.slice(0, 3)}`);
    await mkdir(folder);
    const { uid, gid } = serverUser();
    if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
    await server.sql(
      `CREATE TABLESPACE "${name.replaceAll('"', '""')}" OWNER ${owner} LOCATION ${quoteLiteral(folder)}`,
    );
  }
  await server.sql("ALTER TABLESPACE plain_space SET (seq_page_cost = 1.5, random_page_cost = 2)");
  await server.sql(`
    GRANT CREATE ON TABLESPACE plain_space TO "rôle é" WITH GRANT OPTION;
    COMMENT ON TABLESPACE plain_space IS 'fast ''disks''';
  `);
}
