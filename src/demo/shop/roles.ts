import type { ShopPart } from "./shop-part.ts";

/** The roles that own and use the shop. They belong to the server, not to the database: created only where missing. */
export const roles: ShopPart = () => String.raw`
do $roles$
declare
  name text;
begin
  foreach name in array array['shop_owner', 'shop_clerk', 'shop_reader', 'shop_web'] loop
    begin
      execute format('create role %I nologin', name);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$roles$;
`;
