import type { Row } from "../../../wire/mysql/connection.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import { quoteName } from "../quote.ts";
import { RefusedRows } from "../restore/failure-log.ts";
import type { LoadingSession, StoredLines } from "./load-rows.ts";

/** What a server says of a statement that is old-fashioned, without changing what it does. */
const harmless = new Set(["1287", "1681", "3719", "3778", "4079"]);
/** "Duplicate entry". */
const duplicate = "1062";
export const hintForRows = "rows with the same key may be there already: restore into an empty database";

/**
 * Warnings about values that stay what they were, where the column is what it was: a value of an ENUM that is none of its
 * members (1265), and the largest one of a FLOAT(M,D), which as a binary number is a little more than its decimal digits
 * allow (1264).
 */
const kept: readonly { readonly code: string; readonly type: RegExp }[] = [
  { code: "1265", type: /^enum\(/ },
  { code: "1264", type: /^(?:float|double)\(/ },
];

/**
 * Looks at what the server warned of while it loaded rows.
 * @param count how many warnings it says there are; it lists some of them
 * @throws RefusedRows when a value was changed, or a row left out
 */
export async function refuseWarnings(
  { connection, warn }: LoadingSession,
  { table, file, isAsWritten }: Pick<StoredLines, "table" | "file" | "isAsWritten">,
  count: number,
): Promise<void> {
  const listed = await connection.rows("SHOW WARNINGS");
  const telling = listed.filter(({ Code }) => !harmless.has(Code ?? ""));
  if (listed.length === 0 && count > 0) throw unlisted(table, file, count);
  if (telling.length === 0) return;
  const columns = await connection.rows(`SHOW COLUMNS FROM ${quoteName(table)}`);
  const [first, ...others] = telling.filter((warning) => !isKept(warning, columns));
  if (first === undefined) {
    const shown = shownText(telling[0]?.Message ?? "");
    if (!isAsWritten)
      warn(`table "${table}" (${file}): look at these values: ${shown}, and ${count - 1} more warnings`);
    else if (count > listed.length) {
      warn(`table "${table}" (${file}): of ${count} warnings of the server ${listed.length} could be looked at`);
    }
    return;
  }
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  const what = first.Code === duplicate ? "row" : "value as it is";
  throw new RefusedRows({
    code: "SERVER",
    message: `table "${table}" (${file}): the server would not take every ${what}: warning ${first.Code}: ${shownText(first.Message ?? "")}${more}`,
    object: table,
    hint:
      first.Code === duplicate
        ? hintForRows
        : "restore on a server of the version that the backup was made of, or a newer one of the same kind",
  });
}

/** With `max_error_count = 0` a server counts warnings and tells none. */
function unlisted(table: string, file: string, count: number): RefusedRows {
  return new RefusedRows({
    code: "SERVER",
    message: `table "${table}" (${file}): the server warns of ${count} values or rows, and does not tell of which`,
    object: table,
    hint: "SET GLOBAL max_error_count = 64 on the server for the time of the restore",
  });
}

function isKept({ Code, Message }: Row, columns: readonly Row[]): boolean {
  const rules = kept.filter(({ code }) => code === Code);
  return columns.some(
    ({ Field, Type }) => rules.some(({ type }) => type.test(Type ?? "")) && (Message ?? "").includes(`'${Field}'`),
  );
}
