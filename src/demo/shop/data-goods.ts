import { movements, productId, products, someProduct } from "./amounts.ts";
import type { ShopPart } from "./shop-part.ts";

export const dataGoods: ShopPart = () => String.raw`
insert into catalog.categories (id, parent, name, position)
  select i, case when i > 8 then 1 + (i - 9) % 8 end,
    case when i <= 8 then (array['House', 'Garden', 'Kitchen', 'Tools', 'Toys', 'Books', 'Sports', 'Office'])[i]
      else substr(pg_temp.thing(10, i * 37), 1 + position(' ' in pg_temp.thing(10, i * 37))) || 's' end,
    case when i <= 8 then i else 1 + (i - 9) / 8 end
  from generate_series(1, 64) as i;

insert into catalog.products (sku, name, description, size, weight, tags, attributes, barcode, image_id, active, discontinued_on)
  select substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + pg_temp.pick(29, i, 24), 3) || '-' || lpad(i::text, 5, '0'),
    pg_temp.thing(20, i) || case when i % 25 = 0 then ' 50% "Extra"' else '' end,
    case when i % 9 > 0 then pg_temp.words(31, i, 30 + i % 60) end,
    case when i % 4 > 0 then row(50 + pg_temp.pick(32, i, 900), 40 + pg_temp.pick(33, i, 500), i % 300)::catalog.dimensions end,
    pg_temp.pick(34, i, 300000) / 7000.0,
    case i % 4 when 0 then null when 1 then '{}' when 2 then array['new', null, 'a,b "c"'] else array['sale'] end,
    case when i % 2 = 0 then jsonb_build_object('colour', pg_temp.one_of(35, i, array['red', 'grün', 'bleu']), 'ratings',
      jsonb_build_array(i % 5, null, 1.50), 'eco', i % 3 = 0) end,
    4000000000000 + i * 7919, md5('image' || i)::uuid, i % 11 > 0,
    case when i % 11 = 0 then date '2025-05-01' + i % 300 end
  from generate_series(1, ${products}) as i;

insert into catalog.product_categories (product, category, main)
  select product, category, min(k) = 0
  from (select ${productId("i")} as product, 1 + pg_temp.pick(36 + k, i, 64) as category, k
    from generate_series(1, ${products}) as i, generate_series(0, 1) as k) as g
  group by product, category;

insert into catalog.prices (product, valid_during, price)
  select ${productId("i")}, case k when 0 then daterange(null, '2025-04-01') when 1 then daterange('2025-04-01', '2026-01-15')
      else daterange('2026-01-15', null) end,
    1 + pg_temp.pick(38, i, 20000) / 100.0 * (1 + k / 20.0)
  from generate_series(1, ${products}) as i, generate_series(0, 2) as k;

insert into catalog.documents (product, title, content, pages)
  select ${productId("i")}, 'Manual ' || i, lo_from_bytea(700000 + i, string_agg(decode(md5(i || ':' || k), 'hex'), '' order by k)), i % 90
  from generate_series(1, 40) as i, generate_series(1, 200 + i * 40) as k
  group by i;

insert into stock.warehouses (code, name, gateway, printer, opening, outline, limits) values
  ('BER', 'Berlin', '10.3.0.1/24', '08:00:2b:01:02:03', '[06:00,22:00)', '((0,0),(0,80),(120,80),(120,0))', '[0,3000]'),
  ('CGN', 'Köln', 'fd00::3:1', '08:00:2b:01:02:04', '[05:30,23:30)', null, default),
  ('VIE', 'Wien', '10.5.0.1', null, null, '((1,1),(2,5),(8,-3.5))', 'empty');
insert into stock.levels (product, warehouse, quantity, reserved, shelf)
  select ${productId("i")}, code, pg_temp.pick(40, i, 500), pg_temp.pick(40, i, 500) / 10, chr(65 + i % 26) || i % 40
  from generate_series(1, ${products}) as i, (values ('BER'), ('CGN'), ('VIE')) as w (code);
insert into stock.movements (product, warehouse, kind, quantity, moved_at, unit_cost)
  select ${someProduct(41, "i")}, (array['BER', 'CGN', 'VIE'])[1 + i % 3],
    (enum_range(null::stock.movement_kind))[1 + pg_temp.pick(42, i, 5)],
    case when i % 4 = 0 then 1 + i % 50 else -1 - i % 5 end,
    timestamptz '2025-01-01 06:00+00' + i * interval '39 minutes', pg_temp.pick(43, i, 9000) / 90.0
  from generate_series(1, ${movements}) as i;
`;
