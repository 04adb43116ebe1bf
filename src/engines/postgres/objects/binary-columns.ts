import { ColumnKind } from "../../../wire/postgres/column-kind.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import type { Column, Relation } from "./relation/relation.ts";

/** Columns of a table as a COPY in binary format sends them. */
export interface BinaryColumns {
  readonly kinds: readonly ColumnKind[];
  /** A select list. */
  readonly list: string;
  /** The list is the columns as they are: COPY takes it without SELECT. */
  readonly isPlain: boolean;
}

interface DirectColumn {
  readonly output: string;
  readonly kind: ColumnKind;
  /** Bytes of a value, 0 when they differ. */
  readonly size: number;
}

/**
 * Columns whose text we make of their bytes, by the output function of their type. The numbers of functions are the same
 * in every version.
 */
export const directColumns: Readonly<Record<number, DirectColumn>> = {
  31: { output: "byteaout", kind: ColumnKind.bytea, size: 0 },
  35: { output: "nameout", kind: ColumnKind.text, size: 64 },
  39: { output: "int2out", kind: ColumnKind.int2, size: 2 },
  43: { output: "int4out", kind: ColumnKind.int4, size: 4 },
  47: { output: "textout", kind: ColumnKind.text, size: 0 },
  322: { output: "json_out", kind: ColumnKind.text, size: 0 },
  461: { output: "int8out", kind: ColumnKind.int8, size: 8 },
  1045: { output: "bpcharout", kind: ColumnKind.text, size: 0 },
  1047: { output: "varcharout", kind: ColumnKind.text, size: 0 },
  1243: { output: "boolout", kind: ColumnKind.bool, size: 1 },
  1799: { output: "oidout", kind: ColumnKind.oid, size: 4 },
  2953: { output: "uuid_out", kind: ColumnKind.uuid, size: 16 },
  3804: { output: "jsonb_out", kind: ColumnKind.jsonb, size: 0 },
};

/** Output functions of types that the server makes text of for us, exactly as COPY's text format would. */
export const castOutputs: Readonly<Record<number, string>> = {
  33: "charout",
  118: "point_out",
  120: "lseg_out",
  122: "path_out",
  124: "box_out",
  201: "float4out",
  215: "float8out",
  348: "poly_out",
  437: "macaddr_out",
  751: "array_out",
  887: "cash_out",
  911: "inet_out",
  1085: "date_out",
  1144: "time_out",
  1151: "timestamptz_out",
  1161: "interval_out",
  1313: "timestamp_out",
  1351: "timetz_out",
  1427: "cidr_out",
  1451: "circle_out",
  1491: "line_out",
  1565: "bit_out",
  1580: "varbit_out",
  1702: "numeric_out",
  2291: "record_out",
  2894: "xml_out",
  3230: "pg_lsn_out",
  3507: "enum_out",
  3611: "tsvectorout",
  3613: "tsqueryout",
  3835: "range_out",
  4003: "jsonpath_out",
  4111: "macaddr8_out",
  4232: "multirange_out",
};

/** What a row takes in its page besides its values, and a value that is cast, more or less. */
const ROW_OVERHEAD = 28;
const CAST_VALUE = 8;
/**
 * Bytes of text in a row from which on binary format is cheaper for the server: it need not look for bytes to escape, 2.5
 * ns a byte. What a value in its own message costs, and a cast (0.16 us, measured), must be less.
 */
const WORTH_A_ROW = 60;
const WORTH_A_CAST = 60;

/** Smaller tables have pages that are not full, and planning a query takes longer than reading them. */
const WORTH_A_QUERY = 1024 * 1024;

/**
 * How to read a table's `columns` in binary format, where that takes the server less time than text; undefined where it
 * does not, or where a type's text cannot be had. Rows of wide text need half the time.
 */
export function binaryColumns(table: Relation, columns: readonly Column[]): BinaryColumns | undefined {
  const kinds: ColumnKind[] = [];
  const list: string[] = [];
  let casts = 0;
  let hasText = false;
  let fixed = ROW_OVERHEAD;
  for (const { name, output } of columns) {
    const column = quoteIdentifier(name);
    const direct = directColumns[output];
    const size = direct?.size ?? CAST_VALUE;
    if (direct !== undefined) list.push(column);
    else if (castOutputs[output] !== undefined) {
      list.push(`pg_catalog.textin(pg_catalog.${castOutputs[output]}(${column}))`);
      casts++;
    } else return undefined;
    kinds.push(direct?.kind ?? ColumnKind.text);
    fixed += size;
    hasText ||= size === 0;
  }
  if (!hasText || !isWorthIt(table, fixed, casts)) return undefined;
  return { kinds, list: list.join(", "), isPlain: casts === 0 };
}

function isWorthIt({ pages, estimatedRows }: Relation, fixed: number, casts: number): boolean {
  // Nobody has counted yet, or there is nothing.
  if (estimatedRows <= 0 || pages <= 0) return casts === 0;
  const bytes = pages * PAGE_SIZE;
  return bytes >= WORTH_A_QUERY && bytes / estimatedRows - fixed >= WORTH_A_ROW + casts * WORTH_A_CAST;
}

/** Bytes of a page of a table that `pg_class.relpages` counts. */
export const PAGE_SIZE = 8192;

/** @param source a table with its columns in brackets, or a query in brackets */
export function copyTo(source: string, binary: readonly ColumnKind[] | undefined): string {
  return `COPY ${source} TO stdout${binary === undefined ? "" : " (FORMAT binary)"}`;
}
