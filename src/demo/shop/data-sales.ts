import { customers, orders, pageViews, reviews, sessions, someProduct } from "./amounts.ts";
import type { ShopPart } from "./shop-part.ts";

export const dataSales: ShopPart = () => String.raw`
insert into sales.coupons (code, discount, valid_during, max_uses, conditions)
  select 'SAVE' || i, 5 + i % 20, tstzrange(timestamptz '2025-01-01 00:00+00' + i * interval '2 days', null),
    nullif(i % 5, 0) * 100, ('{"minimum":  ' || i || ', "first order" : ' || (i % 2 = 0) || ' }')::json
  from generate_series(1, 120) as i;

create temporary table shop_orders as
  select i as id, 1 + pg_temp.pick(44, i, ${customers}) as customer,
    timestamptz '2025-01-01 00:10+00' + i * interval '19 minutes' + pg_temp.pick(45, i, 900) * interval '1 second' as placed_at,
    1 + pg_temp.pick(46, i, 4) as line_count
  from generate_series(1, ${orders}) as i;

insert into sales.order_lines (order_id, placed_at, line, product, quantity, unit_price, discount)
  select id, placed_at, line, ${someProduct(47, "id * 5 + line")}, 1 + pg_temp.pick(48, id * 5 + line, 4),
    1 + pg_temp.pick(49, id * 5 + line, 20000) / 100.0, case when id % 15 = 0 then 10 else 0 end
  from shop_orders, generate_series(1, line_count) as line;

insert into sales.orders (id, customer, placed_at, status, coupon, delivery_address, total, note)
  select o.id, customer, o.placed_at,
    (array['delivered', 'delivered', 'delivered', 'shipped', 'paid', 'placed', 'cancelled', 'returned'])
      [1 + pg_temp.pick(50, o.id, 8)]::sales.order_status,
    case when o.id % 15 = 0 then 'SAVE' || 1 + o.id % 120 end, case when o.id % 3 = 0 then customer end, l.total,
    case o.id % 200 when 0 then 'Please ring twice; leave it "next door"' when 1 then '' end
  from shop_orders as o join (
    select order_id, round(sum(quantity * unit_price * (100 - discount) / 100), 2) as total
    from sales.order_lines group by order_id) as l on l.order_id = o.id;

insert into sales.payments (order_id, placed_at, method, amount, paid_at, reference, raw_response)
  select id, placed_at, (enum_range(null::sales.payment_method))[1 + pg_temp.pick(51, id, 5)], pg_temp.pick(52, id, 90000) / 100.0,
    case when id % 12 > 0 then placed_at + pg_temp.pick(53, id, 400) * interval '10 minutes' end,
    pg_temp.pick(54, id, 2000000)::bit(40)::varbit,
    case when id % 20 = 0 then '{"ok": true, "ok": "twice",  "id": "p-' || id || '"}' end::json
  from shop_orders where id % 10 > 0;

insert into sales.shipments (order_id, placed_at, warehouse, tracking_number, sent_at, delivered_at, weight, events)
  select id, placed_at, (array['BER', 'CGN', 'VIE'])[1 + pg_temp.pick(55, id, 3)], upper(substr(md5('track' || id), 1, 12)),
    placed_at + interval '1 day', case when id % 9 > 0 then placed_at + interval '3 days 04:05:06.7' end,
    pg_temp.pick(56, id, 10000) / 300.0,
    case when id % 7 = 0 then array['{"at": "hub"}', null, '{"at": "door", "photo": null}']::jsonb[] end
  from shop_orders where id % 4 > 0;

insert into sales.invoices (order_id, placed_at, issued_on, lines)
  select id, placed_at, (placed_at at time zone 'UTC')::date + 1,
    case when id % 3 = 0 then xmlparse(content '<line n="1">' || line_count || ' &amp; more</line>') end
  from shop_orders where id % 8 = 0 order by id;

insert into sales.redemptions (coupon, order_id, placed_at, amount)
  select 'SAVE' || 1 + id % 120, id, placed_at, (id % 300) / 4.0 from shop_orders where id % 15 = 0;

insert into web.reviews (product, customer, stars, title, body, helpful, written_at)
  select ${someProduct(57, "i")}, case when i % 6 > 0 then 1 + pg_temp.pick(58, i, ${customers}) end,
    1 + pg_temp.pick(59, i, 5), case when i % 3 > 0 then initcap(pg_temp.words(60, i, 3)) end,
    pg_temp.words(61, i, 5 + i % 30), pg_temp.pick(62, i, 40), timestamptz '2025-01-05 12:00+00' + i * interval '1 hour'
  from generate_series(1, ${reviews}) as i;

insert into web.sessions (token, customer, address, agent, started_at, lasted, basket)
  select md5('session' || i)::uuid, case when i % 2 = 0 then 1 + pg_temp.pick(1, i, ${customers}) end,
    ('192.0.2.' || i % 256)::inet, 'Browser/' || 100 + i % 9, timestamptz '2026-06-01 00:00+00' + i * interval '5 seconds',
    pg_temp.pick(2, i, 7200) * interval '1 second', case when i % 3 = 0 then '{"items": []}'::jsonb end
  from generate_series(1, ${sessions}) as i;

insert into web.page_views (viewed_at, country, path, session, milliseconds)
  select timestamptz '2026-06-01 00:00+00' + i * interval '700 milliseconds',
    pg_temp.one_of(3, i, array['DE', 'DE', 'DE', 'AT', 'CH', 'FR', 'IT', 'NL', 'PL', 'SE']),
    '/' || pg_temp.one_of(4, i, array['', 'product/', 'search?q=', 'basket', 'login', 'über-uns/']) || pg_temp.pick(5, i, 900),
    md5('session' || i % ${sessions})::uuid, pg_temp.pick(6, i, 90000) / 64.0
  from generate_series(1, ${pageViews}) as i;

insert into audit.sales_entries (happened_at, actor, action, order_id, change)
  select placed_at, 'shop_clerk', case when id % 2 = 0 then 'insert' else 'update' end, id,
    jsonb_build_object('status', array['placed', 'paid'], 'by', 'job ' || id % 7)
  from shop_orders where id % 4 = 0;
insert into audit.crm_entries (happened_at, actor, action, tags, customer, old_row, new_row)
  select timestamptz '2025-03-01 09:00+00' + i * interval '2 hours', 'shop_clerk', 'update', array['crm', 'k' || i % 5], 1 + i % ${customers},
    case when i % 4 > 0 then '(' || i || ',old)' end, '(' || i || ',"n\"ew")'
  from generate_series(1, 2500) as i;
drop table shop_orders;

insert into web.settings values
  ('plain', '{"a": 1, "b": [true, null]}', -0.0, 'NaN', '2026-02-28 23:59:59.999999+00', '{{1,2},{3,null}}'),
  ('extremes', '""', 'Infinity', 1e-20, 'infinity', '[0:1]={7,8}'),
  ('more', 'null', '-Infinity', -123456789012345678901234567890.123456789, '-infinity', '{}'),
  ('tiny', '[]', 5e-324, 0.000, '0044-03-15 12:00:00+00 BC', null),
  ('float', null, 0.1, 0.10, '1582-10-15 00:00:00+00', null),
  ('nothing', null, null, null, null, null);
insert into web."Legacy Orders" values (1, default, 'Straße 1', 99.9, '2019-05-05'), (2, '', null, -0.5, null), (3, E'tab\there', '\', 0, '9999-12-31');

select setval('sales.invoice_numbers', 260000, false);
reset timezone;
reset datestyle;
`;
