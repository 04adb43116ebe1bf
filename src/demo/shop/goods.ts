import type { ShopPart } from "./shop-part.ts";

/** What is sold, and where it lies. */
export const goods: ShopPart = (since) => String.raw`
create function catalog.slug(title text) returns text
  language sql immutable strict parallel safe
  as $$ select trim(both '-' from regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g')) $$;

create table catalog.categories (
  id integer primary key,
  parent integer constraint category_tree references catalog.categories on delete restrict,
  name text not null,
  position smallint not null,
  -- Two categories may change places within a transaction.
  constraint position_is_unique unique (parent, position) deferrable initially deferred
);

create sequence catalog.product_numbers as integer start with 100 increment by 5 minvalue 100 maxvalue 2000000 cache 20;
comment on sequence catalog.product_numbers is 'Also used by the label printer';

create table catalog.products (
  id integer default nextval('catalog.product_numbers') primary key,
  sku catalog.sku not null,
  name text not null,
  description text,
  size catalog.dimensions,
  weight double precision,
  tags text[],
  attributes jsonb,
  barcode numeric(13, 0),
  image_id uuid,
  active boolean not null default true,
  discontinued_on date${since(
    12,
    `,
  slug text generated always as (catalog.slug(name)) stored,
  volume_mm3 bigint generated always as (
    (size).length_mm::bigint * (size).width_mm * (size).height_mm) stored`,
  )}${since(
    18,
    `,
  short_name text generated always as (left(name, 20)) virtual`,
  )}
);
alter sequence catalog.product_numbers owned by catalog.products.id;
alter table catalog.products alter column description set storage main;
comment on column catalog.products.weight is 'Kilograms, packed';

create table catalog.product_categories (
  product integer not null,
  category integer not null,
  main boolean not null default false,
  primary key (product, category)
);

create table catalog.prices (
  product integer not null,
  valid_during daterange not null,
  price sales.amount not null,
  currency character(3) not null default 'EUR',
  constraint one_price_a_day exclude using gist (product with =, currency with =, valid_during with &&)
);

create table catalog.documents (
  product integer not null,
  title text not null,
  -- A large object: manuals are read in pieces.
  content oid not null,
  pages smallint,
  language text default 'de',
  unique (product, title)
);

create table stock.warehouses (
  code character(3) primary key,
  name text not null,
  gateway inet,
  printer macaddr,
  opening hr.clock_range,
  outline polygon,
  limits stock.weight_range default '[0,2500)'
);

create table stock.levels (
  product integer not null,
  warehouse character(3) not null,
  quantity integer not null default 0,
  reserved integer not null default 0,
  shelf text,
  constraint levels_pkey primary key (product, warehouse)${since(11, " include (quantity)")},
  constraint reserved_at_most_all check (reserved <= quantity) not valid
);

create table stock.movements (
  id bigint generated always as identity (minvalue 0 start with 0 cache 50),
  product integer not null,
  warehouse character(3) not null,
  kind stock.movement_kind not null,
  quantity integer not null check (quantity <> 0),
  moved_at timestamp with time zone not null,
  unit_cost real
);
`;
