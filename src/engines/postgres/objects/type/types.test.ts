import { describe, test } from "vitest";
import { expectSameAsStock } from "../../../../../tests/helpers/compare-with-stock.ts";
import { defaultMajors } from "../../../../../tests/helpers/postgres-packages.ts";
import { sharedServer } from "../../../../../tests/helpers/shared-servers.ts";
import { withDatabase } from "../../../../../tests/helpers/test-database.ts";
import { withRoles } from "../../../../../tests/helpers/test-roles.ts";

const zoo = `
  CREATE SCHEMA "Types";
  CREATE TYPE "Types".mood AS ENUM ('sad', 'o''k', 'back\\slash', 'très', 'new
line');
  ALTER TYPE "Types".mood ADD VALUE 'first' BEFORE 'sad';
  CREATE TYPE public.nothing AS ENUM ();
  COMMENT ON TYPE "Types".mood IS 'how one feels';
  CREATE TYPE public."Pair" AS (a integer, "B b" character varying(10) COLLATE "C", m "Types".mood[], gone text,
    n numeric(10, 2));
  ALTER TYPE public."Pair" DROP ATTRIBUTE gone;
  COMMENT ON COLUMN public."Pair".n IS 'a number';
  COMMENT ON COLUMN public."Pair"."B b" IS 'text';
  CREATE TYPE public.z_first AS (x text);
  CREATE TYPE public.a_second AS (z public.z_first, p public."Pair"[]);
  CREATE TYPE public.empty AS ();
  CREATE DOMAIN public.positive AS integer NOT NULL DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0)
    CONSTRAINT "below M" CHECK (VALUE < 1000000);
  COMMENT ON DOMAIN public.positive IS 'more than nothing';
  COMMENT ON CONSTRAINT "below M" ON DOMAIN public.positive IS 'but not too much';
  CREATE DOMAIN public.name AS character varying(20) COLLATE "C" DEFAULT 'x''y';
  CREATE DOMAIN public.late AS public.positive;
  ALTER DOMAIN public.late ADD CONSTRAINT odd CHECK (VALUE % 2 = 1) NOT VALID;
  COMMENT ON CONSTRAINT odd ON DOMAIN public.late IS 'unchecked';
  CREATE DOMAIN public.calm AS "Types".mood CHECK (VALUE <> 'sad'::"Types".mood);
  CREATE TYPE public.floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
  CREATE TYPE public.textrange AS RANGE (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
  CREATE TYPE public.positiverange AS RANGE (subtype = public.positive);
  CREATE TYPE public.shell;
  CREATE TYPE public.of_range AS (r public.floatrange[]);
`;

describe.each(defaultMajors)("types of PostgreSQL %i", (major) => {
  test("definitions, comments, owners, privileges and order are stock pg_dump's", async () => {
    await using roles = await withRoles(await sharedServer(major), ["types_owner", "types_reader"]);
    const [owner, reader] = roles.quoted;
    await using database = await withDatabase(await sharedServer(major));
    await database.sql(`${zoo}
      ALTER TYPE public."Pair" OWNER TO ${owner};
      ALTER DOMAIN public.positive OWNER TO ${owner};
      GRANT USAGE ON TYPE public."Pair" TO ${reader};
      REVOKE USAGE ON DOMAIN public.positive FROM PUBLIC;
      GRANT USAGE ON TYPE pg_catalog.int4range TO ${reader};
      REVOKE USAGE ON TYPE pg_catalog.point FROM PUBLIC;
    `);
    if (major >= 17) await database.sql("CREATE DOMAIN named AS text CONSTRAINT there NOT NULL");
    if (major >= 17) await database.sql("COMMENT ON CONSTRAINT there ON DOMAIN named IS 'must be'");
    if (major >= 14) {
      await database.sql(
        "CREATE TYPE ir AS RANGE (subtype = int4, multirange_type_name = many); CREATE TYPE om AS (m many[])",
      );
    }
    await expectSameAsStock(database);
  });
});
