/**
 * How the values of a column come in COPY's binary format, where their text follows from the bytes alone. The numbers are
 * those of binary-rows.as.ts.
 */
export const ColumnKind = {
  /** Bytes as they are: text, varchar, char(n), json. */
  text: 0,
  int2: 1,
  int4: 2,
  int8: 3,
  oid: 4,
  bool: 5,
  uuid: 6,
  /** Written with `bytea_output = hex`. */
  bytea: 7,
  /** A version byte, then text. */
  jsonb: 8,
} as const;

export type ColumnKind = (typeof ColumnKind)[keyof typeof ColumnKind];
