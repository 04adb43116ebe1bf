import type { ShopPart } from "./shop-part.ts";

/** Functions, procedures and aggregates that work on the tables. */
export const routines: ShopPart = (since) => String.raw`
create function sales.order_total(wanted bigint, out total numeric, out line_count integer)
  language sql stable cost 50
  as $$ select coalesce(sum(quantity * unit_price * (100 - discount) / 100), 0), count(*)::integer
    from sales.order_lines where order_id = wanted $$;
comment on function sales.order_total(bigint) is 'What the lines add up to';

create function catalog.search(words text, variadic categories integer[] default '{}'::integer[])
  returns setof catalog.products language plpgsql stable strict security definer rows 25 set search_path = catalog, extensions, pg_temp as $body$
begin
  -- Similar names first; $1 and $$ in comments must survive a dump.
  return query select p.* from catalog.products p
    where p.active and p.name % words
      and (cardinality(categories) = 0 or exists (select from catalog.product_categories c
        where c.product = p.id and c.category = any (categories)))
    order by similarity(p.name, words) desc, p.id limit 25;
end
$body$;

create function hr.chain_of_command(employee integer) returns table (id integer, name text, level integer)
  language sql stable set work_mem = '8MB' as $$
  with recursive chain as (
    select e.id, e.name, e.manager, 0 as level from hr.employees e where e.id = employee
    union all
    select e.id, e.name, e.manager, chain.level + 1 from hr.employees e join chain on e.id = chain.manager)
  select chain.id, chain.name, chain.level from chain
$$;

create function audit.record_change() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    insert into audit.sales_entries (happened_at, action, order_id, change) values (now(), 'delete', old.id, null);
    return old;
  end if;
  insert into audit.sales_entries (happened_at, action, order_id, change)
    values (now(), lower(tg_op), new.id, jsonb_build_object('status', new.status));
  return new;
end
$$;

create function crm.touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
create function crm.count_new() returns trigger language plpgsql as $$
begin
  raise debug '% new rows', (select count(*) from fresh);
  return null;
end
$$;
create function stock.check_level() returns trigger language plpgsql as $$
begin
  if new.quantity < 0 then
    raise exception 'product % in %: stock below zero', new.product, new.warehouse using errcode = 'check_violation';
  end if;
  return new;
end
$$;

create function sales.log_sum(state double precision, value double precision) returns double precision
  language sql immutable parallel safe as 'select state + ln(value)';
create function sales.exp_half(state double precision) returns double precision
  language sql immutable strict parallel safe as 'select exp(state / 2)';
create aggregate sales.root_product(double precision) (
  sfunc = sales.log_sum, stype = double precision, initcond = '0', finalfunc = sales.exp_half, parallel = safe);
create aggregate sales.total(numeric) (
  sfunc = numeric_add, stype = numeric, initcond = '0', combinefunc = numeric_add, parallel = safe,
  msfunc = numeric_add, minvfunc = numeric_sub, mstype = numeric, minitcond = '0');
create function catalog.keep_newest(state text, day date, variadic names text[]) returns text
  language sql immutable as $$ select greatest(state, day || ': ' || array_to_string(names, '/')) $$;
create function sales.at_fraction(vals double precision[], fraction double precision) returns double precision
  language sql immutable as $$
  select v from unnest(vals) with ordinality as u (v, n) order by v
    offset least(floor(fraction * cardinality(vals))::integer, cardinality(vals) - 1) limit 1
$$;
create aggregate catalog.newest(date, variadic text[]) (sfunc = catalog.keep_newest, stype = text);
create aggregate sales.quantile(fraction double precision order by value double precision) (
  sfunc = array_append, stype = double precision[], finalfunc = sales.at_fraction);
comment on aggregate sales.total(numeric) is 'A sum that is zero for no rows';
${since(
  11,
  `
create procedure stock.reserve(product_id integer, pieces integer, inout left_over integer default null)
  language plpgsql as $$
begin
  update stock.levels set reserved = reserved + pieces where product = product_id and quantity - reserved >= pieces
    returning quantity - reserved into left_over;
end
$$;
comment on procedure stock.reserve(integer, integer, integer) is 'Called by the web site';
create procedure audit.forget(before timestamp with time zone) language sql
  as 'delete from audit.crm_entries where happened_at < before';`,
)}
${since(
  14,
  `
create function sales.average_order(since date default '2025-01-01') returns numeric language sql stable
  begin atomic
    select avg(o.total) from sales.orders as o where o.placed_at >= since;
  end;`,
)}
`;
