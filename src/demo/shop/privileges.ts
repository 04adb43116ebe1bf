import type { ShopPart } from "./shop-part.ts";

/** Owners, privileges, and large objects' too: run as superuser. */
export const privileges: ShopPart = (since) => String.raw`
reset role;
alter table web.reviews owner to shop_clerk;
alter view web.good_reviews owner to shop_clerk;
alter table web.settings owner to shop_clerk;
alter function crm.touch() owner to shop_clerk;
alter large object 700001 owner to shop_clerk;
comment on large object 700001 is 'Manual of the first product';
grant select on large object 700002 to shop_reader;
grant select, update on large object 700001 to shop_web with grant option;

grant usage on schema catalog, crm, sales, stock, web to shop_reader, shop_clerk, shop_web;
grant create on schema sales to shop_clerk;
grant select on all tables in schema catalog to shop_reader;
grant select, insert, update on sales.orders, sales.order_lines to shop_clerk;
grant all on catalog.products to shop_clerk with grant option;
grant select (id, name), update (name) on crm.customers to shop_web;
grant select (number), references (id) on crm.customers to shop_reader;
grant select, insert on crm.customers to shop_clerk;
set role shop_clerk;
grant select on catalog.products to shop_web;
reset role;
revoke truncate, trigger on hr.employees from shop_owner;
revoke all on web."Legacy Orders" from shop_owner;
grant usage, select on all sequences in schema sales to shop_clerk;
revoke execute on function hr.chain_of_command(integer) from public;
grant execute on function hr.chain_of_command(integer) to shop_clerk;
revoke usage on type sales.payment_method from public;
grant usage on type catalog.sku to shop_web with grant option;
${since(11, "revoke all on procedure audit.forget(timestamp with time zone) from public;")}
${since(17, "grant maintain on sales.monthly_revenue to shop_clerk;")}
`;
