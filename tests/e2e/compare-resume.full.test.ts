import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { killCompare } from "../helpers/interrupted-comparison.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

const rows = 300_000;
const load = `
  create table by_key (id integer primary key, v text);
  insert into by_key select i, repeat('v' || i, 10) from generate_series(1, ${rows}) as i;
  create table by_place (id uuid primary key, v text);
  insert into by_place select md5(i::text)::uuid, 'v' || i from generate_series(1, ${rows / 3}) as i;
  do $$ begin for i in 1..200 loop execute format('create table small_%s as select %s as i', i, i); end loop; end $$;
`;

/** A generator of numbers from 0 to 1, the same on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([1, 2, 3, 4, 5, 6])(
  "killed again and again at moments of seed %i, it ends with what is true",
  async (seed) => {
    const random = seeded(seed);
    const folder = await mkdtemp(join(tmpdir(), "dbbackup-soak-"));
    const server = await sharedServer(18);
    await using left = await withDatabase(server);
    await left.sql(load);
    await using right = await withDatabase(server, undefined, left.name);
    const changed = 1 + Math.floor(random() * rows);
    await right.sql(`update by_key set v = 'changed' where id = ${changed};
    update by_place set v = 'changed' where id = md5('${1 + Math.floor(random() * (rows / 3))}')::uuid`);
    try {
      const args = [left.url, right.url, "--state-file", join(folder, "notes"), "--split-larger-than", "256k"];
      const jobs = ["--jobs", `${1 + (seed % 3)}`];
      let isKilled = await killCompare([...args, ...jobs], random() * rows);
      expect(isKilled).toBe(true);
      for (let times = 0; times < 4 && isKilled; times++) {
        isKilled = await killCompare([...args, ...jobs, "--resume"], rows * (0.3 + random()));
      }
      if (!isKilled) return;
      const { stdout, status } = await dbbackup(["compare", ...args, ...jobs, "--resume", "--json"]);
      const result = JSON.parse(stdout.toString());
      expect(status).toBe(4);
      expect(result.rows_compared).toBe(rows + rows / 3 + 200);
      expect(result.data_differences).toMatchObject([
        { object: "table public.by_key", samples: [{ key: `(${changed})`, in: "both", columns: ["v"] }] },
        { object: "table public.by_place", samples: [{ in: "both", columns: ["v"] }] },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
