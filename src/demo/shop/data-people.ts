import { addresses, customers } from "./amounts.ts";
import type { ShopPart } from "./shop-part.ts";

/**
 * What the generating statements share. All content comes from hashes of row numbers, so every server gets the same
 * rows. The functions live in pg_temp: they end with the session.
 */
export const generators: ShopPart = () => String.raw`
set timezone = 'UTC';
set datestyle = 'ISO, YMD';

create function pg_temp.pick(salt integer, i integer, n integer) returns integer
  language sql immutable as 'select (hashint4(i * 64 + salt) & 2147483647) % n';
create function pg_temp.one_of(salt integer, i integer, choices text[]) returns text
  language sql immutable
  as 'select choices[1 + (hashint4(i * 64 + salt) & 2147483647) % array_length(choices, 1)]';
create function pg_temp.person(salt integer, i integer) returns text language sql immutable as $$
  select pg_temp.one_of(salt, i, array['Anna', 'Ben', 'Chloé', 'David', 'Elif', 'Frank', 'Grete', 'Hamza', 'Ida', 'José',
      'Katarzyna', 'Liam', 'Mia', 'Nils', 'Olga', 'Paul', 'Quentin', 'Rosa', 'Søren', 'Tariq', 'Uwe', 'Vera', 'Wei', 'Zoë'])
    || ' ' || pg_temp.one_of(salt + 1, i, array['Müller', 'Schmidt', 'García', 'O''Brien', 'Kowalski', 'Nguyen', 'Rossi',
      E'Y\u0131lmaz', 'Andersson', 'Dubois', 'de Vries', 'Novák', 'Weiß', 'Ferrari', 'Ødegård', 'Smith', 'Petrov', 'Tanaka'])
$$;
create function pg_temp.thing(salt integer, i integer) returns text language sql immutable as $$
  select pg_temp.one_of(salt, i, array['Small', 'Large', 'Folding', 'Silent', 'Classic', 'Rustic', 'Compact', 'Gemütliche'])
    || ' ' || pg_temp.one_of(salt + 1, i, array['Oak', 'Steel', 'Glass', 'Cotton', 'Bamboo', 'Copper', 'Café', 'Garden'])
    || ' ' || pg_temp.one_of(salt + 2, i, array['Lamp', 'Table', 'Kettle', 'Chair', 'Shelf', 'Rake', 'Blanket', 'Clock', 'Mug'])
$$;
-- Two runs of words from a list: much cheaper than drawing each word.
create function pg_temp.words(salt integer, i integer, n integer) returns text language sql immutable as $$
  select array_to_string(w[first:first + n / 2] || w[second:second + (n - 1) / 2 - 1], ' ')
  from (select string_to_array('a solid and quiet lamp for daily use it came with all screws included but the handle is '
      || 'made of light wood not steel my garden box arrived late in blue instead of green still easy to clean two small '
      || 'parts were missing the kitchen warranty covers them höchste Qualität sehr zufrieden gerne wieder très pratique '
      || 'je recommande large enough for our family of five would buy again good price fast delivery strong packaging', ' ') as w,
    1 + pg_temp.pick(salt, i, 44) as first, 1 + pg_temp.pick(salt + 1, i, 44) as second) as list
$$;
`;

export const dataPeople: ShopPart = (since) => String.raw`
insert into hr.departments (id, name, head, budget, cost_centre)
  select i, name, 1000 + (i - 1) * 10, (25000 * i)::numeric::money, ('10.' || i || '.0.0/16')::cidr
  from unnest(array['Management', 'Purchasing', 'Warehouse', 'Sales', 'Support', 'Accounting', 'IT']) with ordinality
    as d (name, i);
select setval('hr.departments_id_seq', 7);

insert into hr.employees (name, department, manager, hired, left_on, salary, skills, badge, desk)
  select pg_temp.person(1, i), 1 + i % 7,
    case when i > 0 then 1000 + 10 * case when i < 7 then 0 else (i - 7) / 4 end end,
    date '2012-03-01' + pg_temp.pick(3, i, 4500),
    case when i % 17 = 16 then date '2025-01-31' + i end,
    2400 + pg_temp.pick(4, i, 4000) + 0.5,
    case when i % 3 = 0 then '{}' else array[pg_temp.one_of(5, i, array['forklift', 'SQL', 'first aid', 'French']), 'e-mail'] end,
    pg_temp.pick(6, i, 65536)::bit(16), point(i % 12, i / 12.0)
  from generate_series(0, 159) as i;

insert into hr.shifts (employee, day, hours, cancelled)
  select 1000 + 10 * e, date '2026-06-01' + d,
    hr.clock_range(time '06:00' + pg_temp.pick(7, e * 31 + d, 8) * interval '1 hour',
      time '14:00' + pg_temp.pick(7, e * 31 + d, 8) * interval '1 hour', '[)'),
    pg_temp.pick(8, e * 31 + d, 25) = 0
  from generate_series(20, 159) as e, generate_series(0, 13) as d;

insert into crm.customers (number, name, email, main_contact, preferences, profile, born, newsletter, created_at,
    updated_at${since(12, "", ", search_name")})
  select 'C' || lpad(i::text, 7, '0'), name, case when i % 40 <> 0 then 'c' || i || '@Example.' || tld end,
    case when i % 6 = 0 then row(pg_temp.person(9, i), '+49 30 ' || pg_temp.pick(10, i, 900000), null)::crm.contact end,
    case when i % 5 = 0 then extensions.hstore(array['size', 'colour'], array[null, pg_temp.one_of(11, i, array['red', 'blue'])]) end,
    jsonb_build_object('visits', pg_temp.pick(12, i, 400), 'tier', pg_temp.one_of(13, i, array['gold', 'silver', 'none']),
      'quote"d', case when i % 100 = 0 then E'line\none\ttab \\ back' end),
    case when i % 3 > 0 then date '1945-01-01' + pg_temp.pick(14, i, 22000) end,
    case i % 3 when 0 then true when 1 then false end,
    timestamptz '2019-01-01 08:00+00' + pg_temp.pick(15, i, 180000000) * interval '1 second',
    case when i % 4 = 0 then timestamptz '2025-06-01 08:00:00.123456+00' + i * interval '1 minute' end
    ${since(12, "", ", lower(name)")}
  from (select i, pg_temp.person(16, i) as name, pg_temp.one_of(18, i, array['com', 'de', 'fr', 'org']) as tld
    from generate_series(1, ${customers}) as i) as g;

insert into crm.addresses (customer, kind, street, city, postcode, country, location)
  select 1 + (i - 1) % ${customers}, case when i > ${customers} then 'invoice' else 'delivery' end,
    pg_temp.one_of(19, i, array['Hauptstraße', 'Rue de l''Église', 'Via Roma', 'Station Road', 'Plac Zamkowy'])
      || ' ' || 1 + pg_temp.pick(20, i, 180),
    pg_temp.one_of(21, i, array['Berlin', 'Köln', 'Wien', 'Zürich', 'Lyon', 'Kraków', 'Malmö', 'Utrecht']),
    lpad(pg_temp.pick(22, i, 99999)::text, 5, '0'),
    pg_temp.one_of(23, i, array['DE', 'DE', 'DE', 'AT', 'CH', 'FR', 'IT', 'NL', 'PL', 'SE']),
    case when i % 2 = 0 then point(47 + pg_temp.pick(24, i, 7000) / 1000.0, 6 + pg_temp.pick(25, i, 9000) / 1000.0) end
  from generate_series(1, ${addresses}) as i;

insert into crm.notes (customer, written_at, author, body, attachment)
  select 1 + pg_temp.pick(26, i, ${customers}), timestamp '2024-02-29 23:59:59.999' + i * interval '3 hours',
    case when i % 10 > 0 then 1000 + 10 * (i % 150) end,
    case i % 50 when 0 then '' when 1 then E'\\N' when 2 then E'two\nlines\r\nand a \\. alone' when 3 then E'\U0001F600 naïve ''quotes'' "too"'
      else pg_temp.words(27, i, 6 + i % 20) end,
    case when i % 8 = 0 then decode(md5(i::text) || '00ff5c0a', 'hex') end
  from generate_series(1, 4000) as i;
update crm.notes set search = to_tsvector('simple', body) where author is null;
`;
