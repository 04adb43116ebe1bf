import type { CopyTarget } from "./copy-target.ts";

/** Comments that stand before a COPY are shorter, names of 63 bytes in them. */
export const commentBytes = 2048;

const throughRoot =
  /-- Data for Name: (?<name>.*); Type: TABLE DATA; Schema: (?<schema>.*); Owner: [^\n]*\n--\n\n-- load via partition root [^\n]*\n\n$/;

/**
 * The partition whose rows a script loads through the root of its tree, as pg_dump's comment before the COPY statement
 * names it. Undefined for rows that are loaded into their own table.
 * @param text of the script before the statement, from the end of the one before
 */
export function rowsOfPartition(text: string): CopyTarget | undefined {
  const begin = text.search(/^COPY /m);
  const { name, schema } = throughRoot.exec(begin < 0 ? text : text.slice(0, begin))?.groups ?? {};
  return name === undefined || schema === undefined ? undefined : { schema, name };
}
