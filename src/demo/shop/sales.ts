import type { ShopPart } from "./shop-part.ts";

const firstMonth = { year: 2025, month: 1 };
const months = 18;

/** First day of the month that lies `offset` months after the shop opened: `2025-03-01`. */
function monthStart(offset: number): string {
  const index = firstMonth.month - 1 + offset;
  const month = String((index % 12) + 1).padStart(2, "0");
  return `${firstMonth.year + Math.floor(index / 12)}-${month}-01`;
}

const monthlyPartitions = Array.from({ length: months }, (_, offset) => {
  const from = monthStart(offset);
  const name = `orders_${from.slice(0, 7).replace("-", "_")}`;
  return `create table sales.${name} partition of sales.orders for values from ('${from}') to ('${monthStart(offset + 1)}');`;
}).join("\n");

/** Orders and all that follows from them. */
export const sales: ShopPart = (since) => String.raw`
create sequence sales.invoice_numbers start with 250001 maxvalue 999999 cycle;
grant usage on sequence sales.invoice_numbers to shop_clerk;

create table sales.coupons (
  code text collate "C" primary key,
  discount sales.percentage,
  valid_during tstzrange,
  max_uses integer,
  conditions json
);

create table sales.orders (
  id bigint not null,
  customer integer not null,
  placed_at timestamp with time zone not null,
  status sales.order_status not null default 'draft',
  coupon text,
  delivery_address bigint,
  total sales.amount,
  note text${since(
    11,
    `,
  primary key (id, placed_at)`,
  )}
) partition by range (placed_at);
${monthlyPartitions}
${since(
  11,
  "create table sales.orders_other partition of sales.orders default;",
  "create table sales.orders_other partition of sales.orders for values from ('2026-07-01') to (maxvalue);",
)}
alter table only sales.orders_2025_01 alter column status set default 'delivered';
comment on table sales.orders is 'One partition a month; id and time together identify an order';

create table sales.order_lines (
  order_id bigint not null,
  placed_at timestamp with time zone not null,
  line smallint not null,
  product integer not null,
  quantity integer not null check (quantity > 0),
  unit_price sales.amount not null,
  discount sales.percentage${since(
    12,
    `,
  total numeric(14, 2) generated always as (round(quantity * unit_price * (100 - discount) / 100, 2)) stored`,
  )}
);

create table sales.payments (
  id bigserial,
  order_id bigint not null,
  placed_at timestamp with time zone not null,
  method sales.payment_method not null,
  amount sales.amount not null,
  paid_at timestamp with time zone,
  reference bit varying(64),
  raw_response json
);

create table sales.shipments (
  id serial primary key,
  order_id bigint not null,
  placed_at timestamp with time zone not null,
  warehouse character(3) not null,
  tracking_number text,
  sent_at timestamp with time zone,
  delivered_at timestamp with time zone,
  weight double precision,
  events jsonb[]
);

create table sales.invoices (
  number integer not null default nextval('sales.invoice_numbers'),
  order_id bigint not null,
  placed_at timestamp with time zone not null,
  issued_on date not null,
  lines xml,
  constraint invoices_pkey primary key (number)
);

create table sales.redemptions (
  coupon text not null,
  order_id bigint not null,
  placed_at timestamp with time zone not null,
  amount sales.amount,
  ${since(15, "constraint once_an_order unique nulls not distinct (coupon, order_id)", "constraint once_an_order unique (coupon, order_id)")}
);
`;
