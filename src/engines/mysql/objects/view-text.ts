import { type Token, tokensOf } from "../script/definer-clause.ts";

/**
 * A view's statement without the name of its own database. MariaDB and MySQL 5.6 name it before every column when they
 * cannot look into the view, for example because its definer is gone: loaded into another database, the view would read
 * the first one, or fail. Columns of a table stay as they are when another database has one of that name in the statement.
 * @param quotedDatabase in the character set of the text
 */
export function withoutOwnDatabase(create: Buffer, quotedDatabase: Buffer, characterSet: string): Buffer {
  if (!create.includes(Buffer.concat([quotedDatabase, Buffer.from(".`")]))) return create;
  const text = ({ start, end }: Token): string => create.toString("latin1", start, end);
  const own = quotedDatabase.toString("latin1");
  const columns = [...columnsWithDatabase(create, characterSet)];
  const elsewhere = new Set(columns.filter(({ database }) => text(database) !== own).map(({ table }) => text(table)));
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { database, table } of columns) {
    if (text(database) !== own || elsewhere.has(text(table))) continue;
    pieces.push(create.subarray(at, database.start));
    at = table.start;
  }
  return Buffer.concat([...pieces, create.subarray(at)]);
}

/** `` `database`.`table`.`column` `` */
function* columnsWithDatabase(
  create: Buffer,
  characterSet: string,
): Generator<{ readonly database: Token; readonly table: Token }> {
  let last: Token[] = [];
  for (const token of tokensOf(create, characterSet)) {
    const isDot = token.end - token.start === 1 && create[token.start] === 0x2e;
    const isName = token.kind === "quoted" && create[token.start] === 0x60;
    const isNext = last.length % 2 === 0 ? isName : isDot;
    last = isNext ? [...last, token] : isName ? [token] : [];
    if (last.length === 5) {
      yield { database: last[0]!, table: last[2]! };
      last = [];
    }
  }
}
