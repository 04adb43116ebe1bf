import { parseTextArray } from "../../sql/pg-array.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql/quote.ts";

/**
 * ` OPTIONS (...)` of a foreign-data object, sorted by name; nothing when it has none.
 * @param options text of an array of `name=value`, or null.
 */
export function optionsClause(options: string | null): string {
  const pairs = options === null ? [] : parseTextArray(options).map(splitOption);
  if (pairs.length === 0) return "";
  const list = pairs
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => `${quoteIdentifier(name)} ${quoteLiteral(value)}`);
  return ` OPTIONS (\n    ${list.join(",\n    ")}\n)`;
}

function splitOption(option: string): { readonly name: string; readonly value: string } {
  const split = option.indexOf("=");
  return split < 0 ? { name: option, value: "" } : { name: option.slice(0, split), value: option.slice(split + 1) };
}
