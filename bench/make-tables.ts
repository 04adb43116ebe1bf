import type { PostgresServer } from "../tests/helpers/postgres-server.ts";

/** Tables made in one transaction, which locks them. */
const batch = 500;

/**
 * Makes a database of empty tables, each with a primary key, another index, a default, a sequence and a comment, every
 * tenth with a foreign key and a check, in schemas of 500.
 */
export async function makeTables(server: PostgresServer, database: string, count: number): Promise<void> {
  await server.sql(`create database ${database}`);
  for (let from = 1; from <= count; from += batch) {
    await server.sql(tablesSql(from, Math.min(count, from + batch - 1)), database);
  }
  await server.sql("vacuum analyze", database);
  await server.sql("checkpoint", database);
}

function tablesSql(from: number, to: number): string {
  const schema = `part_${Math.floor(from / batch)}`;
  return `
    create schema ${schema};
    do $$ begin for i in ${from}..${to} loop
      execute format('
        create table ${schema}.table_%1$s (
          id bigserial primary key, name text not null, amount numeric(12, 2) default 0,
          created timestamptz default now(), parent bigint);
        create index on ${schema}.table_%1$s (name);
        comment on table ${schema}.table_%1$s is ''what number %1$s is about''', i);
      if i % 10 = 1 then
        execute format('
          alter table ${schema}.table_%1$s add check (amount >= 0),
            add foreign key (parent) references ${schema}.table_${from} (id)', i);
      end if;
    end loop; end $$`;
}
