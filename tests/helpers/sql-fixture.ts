import { readFileSync } from "node:fs";
import { quoteIdentifier } from "./test-database.ts";

/** The requests of a file of SQL for a server of that major: tests/fixtures/zoo/README.md tells the marks in it. */
export function sqlRequests(path: string, major: number, database: string): string[] {
  const requests: string[][] = [[]];
  let wanted = true;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [, word, version] = /^-- @(since|before|end|go)(?: (\d+))?$/.exec(line) ?? [];
    if (word === "since") wanted = major >= Number(version);
    else if (word === "before") wanted = major < Number(version);
    else if (word === "end") wanted = true;
    else if (word === "go") requests.push([]);
    else if (wanted) requests.at(-1)!.push(line);
  }
  return requests.map((lines) => lines.join("\n").replaceAll(":database", () => quoteIdentifier(database)));
}
