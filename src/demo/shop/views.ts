import type { ShopPart } from "./shop-part.ts";

/** Views and materialized views, and what makes some of them writable. */
export const views: ShopPart = (since) => String.raw`
create view catalog.current_prices as
  select p.id, p.sku, p.name, r.price, r.currency from catalog.products p
  left join catalog.prices r on r.product = p.id and r.valid_during @> date '2026-06-15';
comment on column catalog.current_prices.price is 'On 15 June 2026';

create view crm.german_customers with (security_barrier) as
  select c.id, c.number, c.name, c.email from crm.customers c
  where exists (select from crm.addresses a where a.customer = c.id and a.country = 'DE');
create view web.good_reviews as select * from web.reviews where stars >= 4 with local check option;
create view web.best_reviews as select * from web.good_reviews where helpful > 20 with cascaded check option;
alter view web.good_reviews alter column helpful set default 1;
${since(15, "create view web.my_sessions with (security_invoker = true) as select * from web.sessions;")}

create recursive view hr.org_chart (id, name, path) as
  select id, name, name from hr.employees where manager is null
  union all
  select e.id, e.name, o.path || ' > ' || e.name from hr.employees e join org_chart o on o.id = e.manager;

create view sales.order_summary as
  select o.id, o.placed_at, o.status, c.name as customer, count(l.*) as lines, sum(l.quantity) filter (where l.discount = 0) as pieces
  from sales.orders o join crm.customers c on c.id = o.customer left join sales.order_lines l on l.order_id = o.id
  group by o.id, o.placed_at, o.status, c.name;
create function sales.cancel_order() returns trigger language plpgsql as $$
begin
  update sales.orders set status = 'cancelled' where id = old.id and placed_at = old.placed_at;
  return old;
end
$$;
create trigger cancel instead of delete on sales.order_summary for each row execute procedure sales.cancel_order();

create view catalog.menu as select id, name, position from catalog.categories where parent is null;
create rule rename as on update to catalog.menu do instead update catalog.categories set name = new.name where id = old.id;

create materialized view sales.monthly_revenue with (fillfactor = 95) as
  select date_trunc('month', placed_at at time zone 'UTC') as month, status, count(*) as orders, sum(total) as revenue
  from sales.orders group by 1, 2;
create unique index monthly_revenue_key on sales.monthly_revenue (month, status);
create materialized view catalog.bestsellers as
  select product, sum(quantity) as pieces from sales.order_lines group by product order by 2 desc, 1 limit 500;
create materialized view catalog.bestseller_names as
  select b.pieces, p.name from catalog.bestsellers b join catalog.products p on p.id = b.product;
create materialized view sales.forecast as select month, revenue * 1.05 as hoped from sales.monthly_revenue with no data;
comment on materialized view sales.forecast is 'Filled by the controllers each quarter';
create view sales.best_months as select month, max(revenue) as revenue from sales.monthly_revenue group by month;
`;
