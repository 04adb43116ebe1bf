import type { ShopPart } from "./shop-part.ts";

/** Schemas, extensions, and the types that the tables are made of. */
export const types: ShopPart = () => String.raw`
create schema extensions;
create schema catalog authorization shop_owner;
create schema crm authorization shop_owner;
create schema hr authorization shop_owner;
create schema stock authorization shop_owner;
create schema sales authorization shop_owner;
create schema web authorization shop_clerk;
create schema audit authorization shop_owner;
grant usage on schema extensions to public;
grant all on schema web to shop_owner;
comment on schema catalog is 'What the shop sells';
comment on schema crm is 'Who buys';
comment on schema sales is 'Orders, payments, shipments';
comment on schema audit is E'Who changed what\nKept for ten years';

create extension btree_gist with schema extensions;
create extension citext with schema extensions;
create extension hstore with schema extensions;
create extension pg_trgm with schema extensions;

set role shop_owner;

create type sales.order_status as enum ('draft', 'placed', 'paid', 'shipped', 'delivered', 'cancelled');
create type sales.payment_method as enum ('card', 'invoice', 'transfer', 'voucher', 'cash on delivery');
create type stock.movement_kind as enum ('receipt', 'sale', 'return', 'correction', 'write-off');
comment on type sales.order_status is 'Life of an order; "returned" came later';

create domain catalog.sku as text constraint sku_shape check (value ~ '^[A-Z]{3}-[0-9]{5}$');
create domain sales.amount as numeric(12, 2) constraint amount_not_negative check (value >= 0);
create domain sales.percentage as numeric(5, 2) default 0 not null check (value between 0 and 100);
create domain crm.email as extensions.citext check (value ~ '^[^@[:space:]]+@[^@[:space:]]+$');
create domain crm.country as character(2) collate "C" default 'DE';
alter domain crm.country add constraint country_is_upper_case check (value = upper(value)) not valid;
comment on domain catalog.sku is 'Stock keeping unit: three letters, a minus, five digits';
comment on constraint sku_shape on domain catalog.sku is 'As printed on the labels';

create type catalog.dimensions as (length_mm integer, width_mm integer, height_mm integer);
create type crm.contact as (name text, phone character varying(40), email crm.email);
comment on column crm.contact.phone is 'As the customer typed it';

create function hr.minutes_between(later time, earlier time) returns double precision
  language sql immutable strict parallel safe
  as 'select (extract(epoch from later) - extract(epoch from earlier))::double precision / 60';
create type hr.clock_range as range (subtype = time, subtype_diff = hr.minutes_between);
create type stock.weight_range as range (subtype = double precision, subtype_diff = float8mi);
comment on type hr.clock_range is 'Part of a day';
`;

/** A label that came later. One statement by itself: before PostgreSQL 12 it could not stand in a transaction. */
export const addedLabel: ShopPart = () => "alter type sales.order_status add value 'returned' before 'cancelled'";
