/** Rows of one kind: what makes them, for a size as COPY text. */
export interface RowSet {
  readonly name: string;
  /** SQL that fills an empty database with `rows` rows. The same rows each time: hashes of numbers, no random(). */
  sql(rows: number): string;
  /** About how large a row is as COPY text. */
  readonly bytesPerRow: number;
}

/** A number from 0 to `limit` - 1 that looks random, from the row's number and a seed. */
function pick(row: string, seed: number, limit: number): string {
  return `(hashint8extended(${row}, ${seed}) & 9223372036854775807) % ${limit}`;
}

/**
 * Sentences of 12 words out of 2,000, frequent and rare ones as in a language: the text that text compresses like.
 * Far more of them than a compressor's window holds.
 */
const sentences = `
  create temp table words as
    select i as word_number,
      case i % 7 when 0 then left(md5(i::text), 2)
        else translate(left(md5(i::text), 3 + i % 7), '0123456789', 'aeioustrnl') end as word
    from generate_series(0, 1999) as i;
  create temp table sentences as
    select n, upper(left(text, 1)) || substr(text, 2) || '. ' as sentence
    from (select n, string_agg(word, ' ' order by k) as text
          from (select n, k, floor(((${pick("n * 100 + k", 1, 1_000_000)}) / 1000000.0) ^ 3 * 2000)::int as word_number
                from generate_series(0, 59999) as n, generate_series(1, 12) as k) as places
            join words using (word_number)
          group by n) as texts;
  analyze sentences;`;

const hashesAndJson: RowSet = {
  name: "hashes-json",
  bytesPerRow: 245,
  sql: (rows) => `
    create table events (
      id bigint primary key, digest text not null, payload jsonb not null, created timestamptz not null);
    insert into events
      select i, encode(sha256(i::text::bytea), 'hex'), jsonb_build_object(
          'user', 'user' || ${pick("i", 1, 50_000)}, 'kind', (array['view', 'order', 'refund', 'login'])[1 + i % 4],
          'amount', (${pick("i", 2, 100_000)}) / 100.0, 'session', md5((i / 3)::text),
          'tags', jsonb_build_array('t' || i % 11, 't' || i % 13)),
        timestamptz '2024-01-01 00:00+00' + i * interval '1.7 seconds'
      from generate_series(1, ${rows}) as i;`,
};

/** The tables of pgbench as "pgbench -i" makes them. */
const pgbench: RowSet = {
  name: "pgbench",
  bytesPerRow: 97,
  sql: (rows) => `
    create table pgbench_branches (bid int primary key, bbalance int, filler char(88));
    create table pgbench_tellers (tid int primary key, bid int, tbalance int, filler char(84));
    create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
    insert into pgbench_branches select i, 0, null from generate_series(1, ${Math.ceil(rows / 100_000)}) as i;
    insert into pgbench_tellers select i, (i - 1) / 10 + 1, 0, null from generate_series(1, ${Math.ceil(rows / 10_000)}) as i;
    insert into pgbench_accounts select i, (i - 1) / 100000 + 1, 0, '' from generate_series(1, ${rows}) as i;`,
};

const integers: RowSet = {
  name: "integers",
  bytesPerRow: 73,
  sql: (rows) => `
    create table measures (
      id bigint primary key, device int, metric smallint, value int, low int, high int, sum bigint, count int, at bigint);
    insert into measures
      select i, ${pick("i / 50", 1, 20_000)}, i % 50, ${pick("i", 2, 1_000_000)}, ${pick("i", 3, 10_000)},
        ${pick("i", 4, 100_000_000)}, ${pick("i", 5, 1_000_000_000_000)}, ${pick("i", 6, 500)}, 1700000000 + i / 50
      from generate_series(1, ${rows}) as i;`,
};

const documents: RowSet = {
  name: "documents",
  bytesPerRow: 5000,
  sql: (rows) => `${sentences}
    create table documents (id int primary key, title text not null, body text not null);
    insert into documents
      select i, max(sentence) filter (where k = 1), string_agg(sentence || case when k % 6 = 0 then E'\\n\\n' else '' end, '' order by k)
      from generate_series(1, ${rows}) as i, generate_series(1, 72) as k, sentences
      where sentences.n = ${pick("i::bigint * 100 + k", 7, 60_000)}
      group by i;`,
};

const wordText: RowSet = {
  name: "word-text",
  bytesPerRow: 218,
  sql: (rows) => `${sentences}
    create table comments (id int primary key, body text not null);
    insert into comments
      select i, a.sentence || b.sentence || c.sentence
      from generate_series(1, ${rows}) as i
        join sentences as a on a.n = ${pick("i", 8, 60_000)}
        join sentences as b on b.n = ${pick("i", 9, 60_000)}
        join sentences as c on c.n = ${pick("i", 10, 60_000)};`,
};

/** Values of 1 MB that are small on the disk: 40 GB on the wire are made in a minute. */
const wideValues: RowSet = {
  name: "wide-values",
  bytesPerRow: 1e6,
  sql: (rows) => `
    create table documents_1mb (id int primary key, body text not null);
    create temp table bodies as select k, repeat(md5(k::text), 31250) as body from generate_series(0, 49) as k;
    insert into documents_1mb select i, body from generate_series(1, ${rows}) as i join bodies on k = i % 50;`,
};

/** Few values of 200 MB, which nothing makes smaller. */
const hugeValues: RowSet = {
  name: "huge-values",
  bytesPerRow: 200e6,
  sql: (rows) => `
    create table attachments (id int primary key, body text not null);
    alter table attachments alter column body set storage external;
    insert into attachments
      select i, (select string_agg(md5((i * 10000000 + k)::text), '') from generate_series(1, 6250000) as k)
      from generate_series(1, ${rows}) as i;`,
};

/** One table of hashes and JSON as large as the others, with three indexes beside its primary key's. */
const indexed: RowSet = {
  ...hashesAndJson,
  name: "indexed",
  sql: (rows) => `${hashesAndJson.sql(rows)}
    create index on events (digest);
    create index on events (created);
    create index on events ((payload ->> 'user'));`,
};

/** The same rows in 100 tables, each with an index beside its primary key's. */
const manyTables: RowSet = {
  ...hashesAndJson,
  name: "many-tables",
  sql: (rows) => `
    do $$ begin for t in 1..100 loop
      execute format('create table events_%s (
        id bigint primary key, digest text not null, payload jsonb not null, created timestamptz not null)', t);
      execute format('insert into events_%s
        select i, encode(sha256(i::text::bytea), ''hex''), jsonb_build_object(
            ''user'', ''user'' || i %% 997, ''amount'', i %% 10007, ''session'', md5((i / 3)::text),
            ''tags'', jsonb_build_array(''t'' || i %% 11, ''t'' || i %% 13), ''kind'', ''order''),
          timestamptz ''2024-01-01 00:00+00'' + i * interval ''1.7 seconds''
        from generate_series(%s, %s) as i', t, t * 10000000, t * 10000000 + ${Math.ceil(rows / 100)} - 1);
      execute format('create index on events_%s (digest)', t);
    end loop; end $$`,
};

/** Those that formats and compressions are compared on. */
export const rowSets: readonly RowSet[] = [hashesAndJson, pgbench, integers, documents, wordText];
export const moreRowSets: readonly RowSet[] = [wideValues, hugeValues, indexed, manyTables];
