import { constraints } from "./constraints.ts";
import { dataGoods } from "./data-goods.ts";
import { dataPeople, generators } from "./data-people.ts";
import { dataSales } from "./data-sales.ts";
import { goods } from "./goods.ts";
import { people } from "./people.ts";
import { privileges } from "./privileges.ts";
import { roles } from "./roles.ts";
import { routines } from "./routines.ts";
import { sales } from "./sales.ts";
import type { ShopPart } from "./shop-part.ts";
import { addedLabel, types } from "./types.ts";
import { views } from "./views.ts";
import { web } from "./web.ts";

const parts: Readonly<Record<string, ShopPart>> = {
  roles,
  types,
  addedLabel,
  people,
  goods,
  sales,
  web,
  generators,
  dataPeople,
  dataGoods,
  dataSales,
  routines,
  constraints,
  views,
  privileges,
};

/** One step of loading the shop: a name for errors, and statements to send as one simple query. */
export interface ShopStep {
  readonly name: string;
  readonly sql: string;
}

/**
 * The sample shop database, for an empty database of a server of this major version (10 or newer), in steps that must
 * run in one session of a superuser.
 */
export function shopScript(serverMajor: number): ShopStep[] {
  return Object.entries(parts).map(([name, part]) => ({
    name,
    sql: part((major, sql, otherwise = "") => (serverMajor >= major ? sql : otherwise)),
  }));
}
