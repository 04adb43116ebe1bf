/**
 * The commands of psql that a dump may hold (pg_dump and pg_dumpall write no others), and the only ones that are obeyed.
 */
export type ClientCommand =
  | { readonly kind: "restrict"; readonly key: string }
  | { readonly kind: "unrestrict"; readonly key: string }
  | { readonly kind: "connect"; readonly database: string }
  | { readonly kind: "encoding"; readonly name: string };

/** Longer lines are no command of a dump. */
export const maxCommandBytes = 4096;

/**
 * Reads a line that begins with a backslash. Answers undefined for everything else that psql knows (`\!`, `\i`, `\copy`,
 * `\set`, `\o`, variables, backticks, several arguments): it must be refused.
 */
export function parseClientCommand(line: string): ClientCommand | undefined {
  const key = /^\\(restrict|unrestrict) ([A-Za-z0-9]+)\s*$/.exec(line);
  if (key !== null) return { kind: key[1] as "restrict" | "unrestrict", key: key[2]! };
  const encoding = /^\\encoding ([A-Za-z0-9_-]{1,63})\s*$/.exec(line);
  if (encoding !== null) return { kind: "encoding", name: encoding[1]! };
  const plain = /^\\connect ([A-Za-z0-9_.]+)\s*$/.exec(line);
  if (plain !== null) return { kind: "connect", database: plain[1]! };
  const quoted = /^\\connect "((?:[^"\\:`]|"")+)"\s*$/.exec(line);
  if (quoted !== null) return byName(quoted[1]!.replaceAll('""', '"'));
  const connection = /^\\connect -reuse-previous=on "dbname='((?:[^"'\\]|""|\\['\\])+)'"\s*$/.exec(line);
  if (connection === null) return undefined;
  return { kind: "connect", database: connection[1]!.replaceAll('""', '"').replace(/\\(['\\])/g, "$1") };
}

/** psql takes a name with `=`, or one that begins as a URL, for a whole connection string. */
function byName(database: string): ClientCommand | undefined {
  if (database.includes("=") || database.startsWith("-")) return undefined;
  return { kind: "connect", database };
}

/** Which commands may come next: inside a restricted part none but its end, with the same key. */
export class RestrictedPart {
  #key: string | undefined;

  get isOpen(): boolean {
    return this.#key !== undefined;
  }

  /** Answers why the command is refused here, or undefined. */
  refuse(command: ClientCommand): string | undefined {
    switch (command.kind) {
      case "restrict":
        if (this.#key !== undefined) return "it is inside a restricted part already";
        this.#key = command.key;
        return undefined;
      case "unrestrict":
        if (this.#key !== command.key) return "its key is not that of the restricted part";
        this.#key = undefined;
        return undefined;
      case "connect":
      case "encoding":
        return this.#key === undefined ? undefined : "it is inside a restricted part";
    }
  }
}
