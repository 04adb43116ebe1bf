import type { ShopPart } from "./shop-part.ts";

/** Indexes, keys, triggers, rules and policies: what a restore makes after the data. */
export const constraints: ShopPart = (since) => String.raw`
create unique index customers_number on crm.customers (number collate "C") with (fillfactor = 80);
create unique index customers_email on crm.customers (email) where email is not null;
create index customers_name_words on crm.customers using gin (name extensions.gin_trgm_ops);
create index customers_profile on crm.customers using gin (profile jsonb_path_ops);
create index customers_born on crm.customers (extract(month from born), extract(day from born));
create index addresses_where on crm.addresses using gist (location);
create index addresses_postcode on crm.addresses (country, postcode varchar_pattern_ops desc nulls last);
create index notes_search on crm.notes using gin (search) with (fastupdate = off);
create unique index notes_identity on crm.notes (customer, written_at);
create index products_name_hash on catalog.products using hash (name);
create index products_tags on catalog.products using gin (tags);
create index products_slug on catalog.products (catalog.slug(name), (attributes ->> 'colour'));
create unique index products_sku on catalog.products (sku);
create index movements_time on stock.movements using brin (moved_at) with (pages_per_range = 16);
create index order_lines_product on sales.order_lines (product)${since(11, " include (quantity)")} where discount > 0;
create index payments_open on sales.payments (order_id) where paid_at is null;
create index shipments_tracking on sales.shipments (lower(tracking_number) text_pattern_ops);
create index views_by_path on web.page_views_de_0 using spgist (path);
comment on index crm.customers_email is 'Customers without address are many';
alter table crm.notes replica identity using index notes_identity;
alter table sales.order_lines replica identity full;
alter table crm.addresses cluster on addresses_postcode;
${since(
  11,
  `
alter index crm.customers_born alter column 1 set statistics 250;
create index orders_customer on sales.orders (customer, placed_at desc) with (fillfactor = 75);
create index orders_open on only sales.orders (status) where status in ('placed', 'paid');
create index orders_2026_06_open on sales.orders_2026_06 (status) where status in ('placed', 'paid');
alter index sales.orders_open attach partition sales.orders_2026_06_open;`,
  "create index orders_2026_06_customer on sales.orders_2026_06 (customer, placed_at desc);",
)}

alter table catalog.products add constraint products_sku unique using index products_sku;
alter table sales.order_lines add constraint order_lines_pkey primary key (order_id, line);
alter table sales.payments add constraint payments_id unique (id) deferrable;
alter table sales.payments add constraint paid_after_order check (paid_at >= placed_at) not valid;
alter table web."Legacy Orders" add constraint "percent ""100%""" check ("100%" < 100);
alter table crm.addresses add constraint one_at_a_time
  exclude using gist (customer with =, kind with =, valid_during with &&) deferrable initially deferred;

alter table hr.employees add constraint employees_department foreign key (department) references hr.departments
  deferrable initially deferred;
alter table hr.employees add constraint employees_manager foreign key (manager) references hr.employees (id) on delete set null;
alter table hr.departments add constraint departments_head foreign key (head) references hr.employees (id) on update cascade;
alter table hr.shifts add foreign key (employee) references hr.employees on delete cascade;
alter table crm.addresses add constraint addresses_customer foreign key (customer) references crm.customers on delete cascade;
alter table crm.notes add constraint notes_customer foreign key (customer) references crm.customers not valid;
alter table catalog.product_categories add foreign key (product) references catalog.products on delete cascade;
alter table catalog.product_categories add foreign key (category) references catalog.categories;
alter table catalog.prices add foreign key (product) references catalog.products match full;
alter table catalog.documents add foreign key (product) references catalog.products;
alter table stock.levels add foreign key (product) references catalog.products;
alter table stock.levels add foreign key (warehouse) references stock.warehouses on update cascade on delete set default;
alter table stock.movements add primary key (id);
alter table sales.order_lines add constraint lines_product foreign key (product) references catalog.products;
alter table sales.redemptions add foreign key (coupon) references sales.coupons;
alter table web.reviews add foreign key (customer) references crm.customers on delete set null;
${since(11, "alter table sales.orders add constraint orders_customer_fkey foreign key (customer) references crm.customers;")}
${since(
  12,
  `
alter table sales.order_lines add constraint lines_order foreign key (order_id, placed_at) references sales.orders on delete cascade;
alter table sales.shipments add constraint shipments_order foreign key (order_id, placed_at) references sales.orders (id, placed_at);
alter table sales.invoices add constraint invoices_order foreign key (order_id, placed_at) references sales.orders deferrable;`,
)}
${since(
  18,
  `
alter table sales.shipments add constraint weight_plausible check (weight < 5000) not enforced;
alter table web.sessions add constraint sessions_customer foreign key (customer) references crm.customers not enforced;
alter table stock.levels add constraint level_has_shelf not null shelf not valid;
create table hr.assignments (employee integer, project text, during daterange,
  primary key (employee, during without overlaps));`,
)}
comment on constraint lines_product on sales.order_lines is 'Products are never deleted, only discontinued';

create trigger touch_customer before update on crm.customers for each row
  when (old.name is distinct from new.name or old.email is distinct from new.email) execute procedure crm.touch();
create trigger count_customers after insert on crm.customers
  referencing new table as fresh for each statement execute procedure crm.count_new();
create trigger watch_price before update of price, currency on catalog.prices for each row
  execute procedure suppress_redundant_updates_trigger();
create constraint trigger level_after_all after insert or update on stock.levels deferrable initially deferred
  for each row execute procedure stock.check_level();
create trigger old_watch before insert on web.reviews for each row execute procedure suppress_redundant_updates_trigger();
alter table web.reviews disable trigger old_watch;
comment on trigger touch_customer on crm.customers is 'Keeps updated_at true';
${since(
  11,
  `
create trigger record_order after insert or update or delete on sales.orders for each row execute procedure audit.record_change();`,
  "create trigger record_order after insert or update or delete on sales.orders_2026_06 for each row execute procedure audit.record_change();",
)}
${since(13, "alter table sales.orders_2025_01 disable trigger record_order;")}
alter table stock.levels enable always trigger level_after_all;

create rule keep_categories as on delete to catalog.categories where old.id <= 8 do instead nothing;
create rule note_returns as on update to sales.shipments do also notify returns;
alter table sales.shipments disable rule note_returns;
comment on rule keep_categories on catalog.categories is 'The main menu is printed on the bags';

alter table crm.customers enable row level security;
create policy clerks on crm.customers to shop_clerk using (true) with check (number like 'C%');
create policy own_row on crm.customers as restrictive for select to shop_web
  using (id = current_setting('shop.customer', true)::integer);
alter table web.settings enable row level security;
alter table web.settings force row level security;
create policy open_settings on web.settings for select using (key <> 'secret');
comment on policy clerks on crm.customers is 'All rows, but only regular numbers';
`;
