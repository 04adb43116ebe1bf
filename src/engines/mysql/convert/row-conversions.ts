import type { DirectoryObject } from "../directory/directory-index.ts";
import { typesInJsonLost } from "./find-conversions.ts";
import type { StatementConverter } from "./statement-converter.ts";

/** What becomes of the rows of a table in a directory; nothing: they stay as they are. */
export interface RowConversions {
  readonly change?: string;
  /** Why the server cannot have them. */
  readonly impossible?: string;
}

/** What a server that definitions are converted for makes of the rows of a table. Pure. */
export function rowConversions({ name, data }: DirectoryObject, converter: StatementConverter): RowConversions {
  const hasHistory = data?.columns.some(({ load }) => load?.includes("@dbb_end_of_time")) === true;
  if (hasHistory && !converter.insertsHistory) {
    return { impossible: `rows of table "${name}": the server takes no old versions of them` };
  }
  const hasTypes = data?.chunks.some(({ literals }) => literals !== undefined) === true;
  return hasTypes && !converter.keepsTypesInJson ? { change: typesInJsonLost(name) } : {};
}
