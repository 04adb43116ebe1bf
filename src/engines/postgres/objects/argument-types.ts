/** SQL for the input types of the routine of a `pg_proc` alias, as they stand between its parentheses. */
export function argumentTypes(alias: string): string {
  return (
    "pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.format_type(i.type, NULL) " +
    `FROM pg_catalog.unnest(${alias}.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS i (type, place) ` +
    "ORDER BY i.place), ', ')"
  );
}
