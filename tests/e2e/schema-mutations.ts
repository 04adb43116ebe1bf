/** One change of a schema: what it does, and the one fact that must be told; `since` a major version. */
export interface Mutation {
  readonly sql: string;
  readonly object: string;
  readonly aspect: string;
  readonly since?: number;
  /** Other objects that must change with it. */
  readonly consequences?: RegExp;
}

export const mutations: readonly Mutation[] = [
  { sql: "create schema extra", object: "schema extra", aspect: "exists" },
  { sql: "alter schema stock owner to shop_clerk", object: "schema stock", aspect: "owner" },
  { sql: "grant usage on schema hr to shop_reader", object: "schema hr", aspect: "privileges" },
  { sql: "comment on schema sales is 'other'", object: "schema sales", aspect: "comment" },
  { sql: "create extension cube", object: "extension cube", aspect: "exists" },
  {
    sql: "grant execute on function extensions.hstore(text, text) to shop_reader",
    object: "function extensions.hstore(pg_catalog.text,pg_catalog.text)",
    aspect: "changed privileges",
  },
  {
    sql: "revoke execute on function pg_ls_dir(text) from public; grant execute on function pg_ls_dir(text) to shop_web",
    object: "function pg_catalog.pg_ls_dir(pg_catalog.text)",
    aspect: "changed privileges",
  },
  {
    sql: "alter type sales.payment_method add value 'gift' before 'card'",
    object: "type sales.payment_method",
    aspect: "labels",
  },
  {
    sql: "alter domain catalog.sku drop constraint sku_shape",
    object: "domain constraint sku_shape on catalog.sku",
    aspect: "exists",
  },
  { sql: "alter domain sales.percentage set default 1", object: "type sales.percentage", aspect: "default" },
  { sql: "alter domain sales.percentage drop not null", object: "type sales.percentage", aspect: "not null" },
  {
    sql: "alter type crm.contact add attribute title text",
    object: "composite type column crm.contact.title",
    aspect: "exists",
  },
  { sql: "revoke usage on type catalog.sku from shop_web", object: "type catalog.sku", aspect: "privileges" },
  { sql: "create type stock.height as range (subtype = integer)", object: "type stock.height", aspect: "exists" },
  {
    sql: "create or replace function crm.touch() returns trigger language plpgsql as $$ begin return new; end $$",
    object: "function crm.touch()",
    aspect: "source",
  },
  {
    sql: "alter function catalog.slug(text) volatile",
    object: "function catalog.slug(pg_catalog.text)",
    aspect: "volatility",
  },
  {
    sql: "alter function audit.record_change() set work_mem = '1MB'",
    object: "function audit.record_change()",
    aspect: "settings",
  },
  {
    sql: "alter function stock.check_level() security definer",
    object: "function stock.check_level()",
    aspect: "security definer",
  },
  { sql: "alter function crm.count_new() cost 7", object: "function crm.count_new()", aspect: "cost" },
  {
    sql: "alter function sales.order_total(bigint) owner to shop_web",
    object: "function sales.order_total(bigint)",
    aspect: "owner",
  },
  {
    sql: "drop procedure audit.forget(timestamptz)",
    object: "procedure audit.forget(timestamp with time zone)",
    aspect: "exists",
    since: 11,
  },
  {
    sql: "alter aggregate sales.total(numeric) owner to shop_web",
    object: "aggregate sales.total(numeric)",
    aspect: "owner",
  },
  {
    sql: "select setval('catalog.product_numbers', 7777)",
    object: "sequence catalog.product_numbers",
    aspect: "value",
  },
  { sql: "select setval('sales.invoice_numbers', 250001)", object: "sequence sales.invoice_numbers", aspect: "value" },
  {
    sql: "alter sequence sales.payments_id_seq increment by 3",
    object: "sequence sales.payments_id_seq",
    aspect: "increment",
  },
  {
    sql: "alter sequence sales.shipments_id_seq owned by none",
    object: "sequence sales.shipments_id_seq",
    aspect: "owned by",
  },
  {
    sql: "alter sequence crm.addresses_id_seq no cycle cache 9",
    object: "sequence crm.addresses_id_seq",
    aspect: "cache",
  },
  { sql: "create table web.extra ()", object: "table web.extra", aspect: "exists" },
  { sql: "alter table hr.shifts owner to shop_web", object: "table hr.shifts", aspect: "owner" },
  { sql: "grant delete on sales.coupons to shop_clerk", object: "table sales.coupons", aspect: "privileges" },
  { sql: "alter table web.sessions set logged", object: "table web.sessions", aspect: "persistence" },
  { sql: "alter table crm.customers set (fillfactor = 91)", object: "table crm.customers", aspect: "options" },
  {
    sql: "alter table crm.notes set (toast.autovacuum_enabled = false)",
    object: "table crm.notes",
    aspect: "options of the toast table",
  },
  {
    sql: "alter table sales.order_lines replica identity default",
    object: "table sales.order_lines",
    aspect: "replica identity",
  },
  {
    sql: "alter table web.settings no force row level security",
    object: "table web.settings",
    aspect: "forced row security",
  },
  { sql: "alter table hr.shifts enable row level security", object: "table hr.shifts", aspect: "row security" },
  {
    sql: "alter table audit.crm_entries no inherit audit.tagged",
    object: "table audit.crm_entries",
    aspect: "parents",
    consequences: /(audit\.crm_entries\.tags|tagged_tags_not_null on audit\.crm_entries)$/,
  },
  {
    sql: "alter table sales.orders detach partition sales.orders_2025_09",
    object: "table sales.orders_2025_09",
    aspect: "partition bound",
    consequences: /sales\.orders_2025_09/,
  },
  {
    sql: "alter table sales.coupons add column spare text",
    object: "table column sales.coupons.spare",
    aspect: "exists",
  },
  {
    sql: "alter table sales.coupons alter column max_uses type bigint",
    object: "table column sales.coupons.max_uses",
    aspect: "type",
  },
  {
    sql: "alter table web.reviews alter column helpful set default 5",
    object: "table column web.reviews.helpful",
    aspect: "default",
  },
  {
    sql: "alter table web.reviews alter column helpful drop not null",
    object: "table column web.reviews.helpful",
    aspect: "not null",
    consequences: /^table constraint reviews_helpful_not_null on web\.reviews$/,
  },
  {
    sql: "alter table web.reviews alter column body set storage plain",
    object: "table column web.reviews.body",
    aspect: "storage",
  },
  {
    sql: "alter table web.reviews alter column title set statistics 33",
    object: "table column web.reviews.title",
    aspect: "statistics",
  },
  {
    sql: "alter table web.reviews alter column title set (n_distinct = 5)",
    object: "table column web.reviews.title",
    aspect: "options",
  },
  {
    sql: "alter table crm.customers alter id set generated always",
    object: "table column crm.customers.id",
    aspect: "identity",
  },
  {
    sql: "alter table catalog.products alter column slug drop expression",
    object: "table column catalog.products.slug",
    aspect: "generated",
    since: 13,
  },
  {
    sql: "alter table crm.customers alter column preferences set compression default",
    object: "table column crm.customers.preferences",
    aspect: "compression",
    since: 14,
  },
  { sql: "comment on column hr.employees.badge is null", object: "table column hr.employees.badge", aspect: "comment" },
  {
    sql: "grant update (number) on crm.customers to shop_reader",
    object: "table column crm.customers.number",
    aspect: "privileges",
  },
  {
    sql: "alter table sales.coupons rename column conditions to terms",
    object: "table column sales.coupons.terms",
    aspect: "exists",
    consequences: /^table column sales\.coupons\.conditions$/,
  },
  {
    sql: `alter table web."Legacy Orders" rename "select" to "SELECT"`,
    object: 'table column web."Legacy Orders"."SELECT"',
    aspect: "exists",
    consequences: /^table column web\."Legacy Orders"\."select"$/,
  },
  {
    sql: "create or replace view sales.best_months as select month, min(revenue) as revenue from sales.monthly_revenue group by month",
    object: "view sales.best_months",
    aspect: "definition",
  },
  {
    sql: "alter view crm.german_customers reset (security_barrier)",
    object: "view crm.german_customers",
    aspect: "options",
  },
  {
    sql: "alter view web.good_reviews alter column helpful drop default",
    object: "view column web.good_reviews.helpful",
    aspect: "default",
  },
  { sql: "refresh materialized view sales.forecast", object: "materialized view sales.forecast", aspect: "populated" },
  { sql: "drop index crm.addresses_where", object: "index crm.addresses_where", aspect: "exists" },
  {
    sql: "alter index crm.customers_number set (fillfactor = 50)",
    object: "index crm.customers_number",
    aspect: "definition",
  },
  { sql: "alter table crm.addresses set without cluster", object: "index crm.addresses_postcode", aspect: "clustered" },
  {
    sql: "alter index crm.customers_born alter column 1 set statistics 111",
    object: "index crm.customers_born",
    aspect: "statistics",
    since: 11,
  },
  {
    sql: "alter table sales.payments drop constraint payments_id, add constraint payments_id unique (id)",
    object: "table constraint payments_id on sales.payments",
    aspect: "definition",
  },
  {
    sql: "alter table sales.payments validate constraint paid_after_order",
    object: "table constraint paid_after_order on sales.payments",
    aspect: "definition",
  },
  {
    sql: "alter table hr.employees alter constraint employees_department not deferrable",
    object: "table constraint employees_department on hr.employees",
    aspect: "definition",
  },
  {
    sql: "alter table crm.notes drop constraint notes_customer",
    object: "table constraint notes_customer on crm.notes",
    aspect: "exists",
  },
  {
    sql: "comment on constraint lines_product on sales.order_lines is null",
    object: "table constraint lines_product on sales.order_lines",
    aspect: "comment",
  },
  {
    sql: "alter table crm.customers disable trigger touch_customer",
    object: "trigger touch_customer on crm.customers",
    aspect: "enabled",
  },
  {
    sql: "drop trigger watch_price on catalog.prices",
    object: "trigger watch_price on catalog.prices",
    aspect: "exists",
  },
  {
    sql: "alter table sales.orders_2025_01 enable trigger record_order",
    object: "trigger record_order on sales.orders_2025_01",
    aspect: "enabled",
    since: 13,
  },
  {
    sql: "alter table sales.shipments enable rule note_returns",
    object: "rule note_returns on sales.shipments",
    aspect: "enabled",
  },
  { sql: "drop rule rename on catalog.menu", object: "rule rename on catalog.menu", aspect: "exists" },
  {
    sql: "alter policy clerks on crm.customers to shop_web",
    object: "policy clerks on crm.customers",
    aspect: "roles",
  },
  {
    sql: "alter policy open_settings on web.settings using (true)",
    object: "policy open_settings on web.settings",
    aspect: "using",
  },
  {
    sql: "create operator sales.## (function = numeric_add, leftarg = numeric, rightarg = numeric)",
    object: "operator sales.##(numeric,numeric)",
    aspect: "exists",
    since: 11,
  },
  { sql: "create collation web.german (locale = 'C')", object: "collation web.german", aspect: "exists" },
  {
    sql: "create statistics stock.spread on product, kind from stock.movements",
    object: "statistics object stock.spread",
    aspect: "exists",
  },
  {
    sql: "create text search configuration web.plain (copy = simple)",
    object: "text search configuration web.plain",
    aspect: "exists",
  },
  { sql: "create publication news for table web.reviews", object: "publication news", aspect: "exists" },
  {
    sql: "alter default privileges for role shop_owner in schema hr grant select on tables to shop_reader",
    object: "default acl for role shop_owner in schema hr on tables",
    aspect: "exists",
  },
];
