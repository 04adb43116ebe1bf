/** Objects made in one transaction, which locks them. */
const batch = 500;
/** So many rows are in each of the small tables. */
const rowsOfTable = 10;

/** Calls `make` for the numbers 1 to `count` in runs that one transaction can do. */
async function inBatches(
  count: number,
  size: number,
  make: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let from = 1; from <= count; from += size) await make(from, Math.min(count, from + size - 1));
}

/**
 * Small tables, each with a primary key, another index, a default, a sequence and a comment, every tenth with a foreign
 * key and a check, in schemas of 500.
 */
export function makeTables(sql: (text: string) => Promise<unknown>, count: number): Promise<void> {
  return inBatches(count, batch, async (from, to) => {
    await sql(tablesSql(from, to));
  });
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
        insert into ${schema}.table_%1$s (name, amount, created, parent)
          select ''name '' || n, n * 1.5, timestamptz ''2024-01-01 00:00+00'' + n * interval ''1 hour'', 1
          from generate_series(1, ${rowsOfTable}) as n;
        create index on ${schema}.table_%1$s (name);
        comment on table ${schema}.table_%1$s is ''what number %1$s is about''', i);
      if i % 10 = 1 then
        execute format('
          alter table ${schema}.table_%1$s add check (amount >= 0),
            add foreign key (parent) references ${schema}.table_${from} (id)', i);
      end if;
    end loop; end $$`;
}

/** Large objects of 16 to 1024 bytes. */
export function makeLargeObjects(sql: (text: string) => Promise<unknown>, count: number): Promise<void> {
  return inBatches(count, 50_000, async (from, to) => {
    await sql(`
      select count(lo_from_bytea(0, decode(repeat(md5(i::text), 1 + i % 64), 'hex')))
      from generate_series(${from}, ${to}) as i`);
  });
}
