import { connect } from "node:net";

/** One result row: column name -> text as the server sends it, or null. */
export type Row = Readonly<Record<string, string | null>>;

/**
 * Runs SQL text (several statements may stand in it) over a trusted Unix socket and gives the rows of the last result.
 *
 * Deliberately not the connection of `src/wire`: tests need a second opinion, and a harness that still works when that
 * is broken. It knows the simple query protocol and nothing else: no passwords, no TLS, no COPY.
 */
export async function simpleQuery(
  socketPath: string,
  user: string,
  database: string,
  sql: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Row[]> {
  const socket = connect(socketPath);
  try {
    socket.write(
      startupMessage({ user, database, client_encoding: "UTF8", application_name: "test harness", ...settings }),
    );
    let sent = false;
    let columns: string[] = [];
    let rows: Row[] = [];
    let failure: Error | undefined;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= 5 && rest.length - at > rest.readUInt32BE(at + 1)) {
        const type = String.fromCharCode(rest[at]!);
        const body = rest.subarray(at + 5, at + 1 + rest.readUInt32BE(at + 1));
        at += 5 + body.length;
        if (type === "T") [columns, rows] = [columnNames(body), []];
        else if (type === "D") rows.push(dataRow(columns, body));
        else if (type === "E") failure = serverError(body, sql);
        else if (type === "R" && body.readUInt32BE(0) !== 0)
          throw new Error("the test harness has no password to give");
        else if (type === "G") throw new Error("the test harness knows no COPY");
        else if (type === "Z" && sent) {
          if (failure !== undefined) throw failure;
          return rows;
        } else if (type === "Z") {
          socket.write(message("Q", Buffer.from(`${sql}\0`)));
          sent = true;
        }
      }
      rest = rest.subarray(at);
    }
    throw failure ?? new Error(`the server closed the connection during: ${sql.slice(0, 200)}`);
  } finally {
    socket.destroy();
  }
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join("");
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`${text}\0`)]);
  return message("\0", body).subarray(1);
}

function columnNames(body: Buffer): string[] {
  const names: string[] = [];
  for (let at = 2, left = body.readUInt16BE(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    names.push(body.toString("utf8", at, end));
    at = end + 1 + 18;
  }
  return names;
}

function dataRow(columns: readonly string[], body: Buffer): Row {
  const row: Record<string, string | null> = {};
  let at = 2;
  for (const name of columns) {
    const length = body.readInt32BE(at);
    at += 4;
    row[name] = length < 0 ? null : body.toString("utf8", at, at + length);
    at += Math.max(length, 0);
  }
  return row;
}

function serverError(body: Buffer, sql: string): Error {
  const fields = new Map(
    body
      .toString("utf8")
      .split("\0")
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  const detail = fields.get("D") === undefined ? "" : `\n${fields.get("D")}`;
  const from = Math.max(0, Number(fields.get("P") ?? 1) - 1);
  return new Error(`${fields.get("C")}: ${fields.get("M")}${detail}\nat: ${[...sql].slice(from, from + 300).join("")}`);
}
