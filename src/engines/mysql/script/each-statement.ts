import { ScriptReader } from "./read-script.ts";
import { FollowedQuoting } from "./session-quoting.ts";
import { headOf, statementKind } from "./statement-head.ts";

/** Reads a script of ours without running it; `take` gets its statements of up to 4 MiB. */
export async function eachStatement(
  source: AsyncIterable<Uint8Array>,
  take: (text: Buffer) => unknown,
  delimiter?: string,
): Promise<void> {
  await using reader = new ScriptReader(source, delimiter);
  const quoting = new FollowedQuoting();
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind === "character set") {
      quoting.setCharacterSet(item.name);
    } else if (item.kind === "statement") {
      const head = headOf(item.text);
      if (statementKind(head).kind === "quoting") quoting.follow(head);
      take(item.text);
    }
    reader.quoting = quoting.quoting;
  }
}
