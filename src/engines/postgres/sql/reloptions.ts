import { quoteConformingLiteral, quoteIdentifier } from "./quote.ts";

/**
 * `fillfactor='70', autovacuum_enabled=off`: storage parameters of a relation as the WITH clause wants them.
 * @param options elements of `pg_class.reloptions`: `name=value`.
 * @param prefix `toast.` for parameters of the TOAST table.
 */
export function formatReloptions(options: readonly string[], prefix = ""): string {
  return options
    .map((option) => {
      const split = option.indexOf("=");
      const name = split < 0 ? option : option.slice(0, split);
      const value = split < 0 ? "" : option.slice(split + 1);
      const written = quoteIdentifier(value) === value ? value : quoteConformingLiteral(value);
      return `${prefix}${quoteIdentifier(name)}=${written}`;
    })
    .join(", ");
}
