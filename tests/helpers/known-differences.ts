/** A name as SQL text has it, quoted or not: a regular expression. */
const name = String.raw`(?:"(?:[^"]|"")*"|\w+)`;

/**
 * SQL text of ours or of stock pg_dump 18 without the few places where ours is different on purpose: stock pg_dump 18
 * writes for servers of version 18, whatever server it read; ours can be restored on the server that it came from.
 */
export function withoutKnownDifferences(sql: string, server: number): string {
  let text = sql;
  if (server < 18) {
    // NOT NULL of an inherited column: a table constraint, and ALTER TABLE, which older servers know.
    text = text
      .replace(new RegExp(`^ {4}NOT NULL ${name},?\\n`, "gmu"), "")
      .replace(new RegExp(`^ALTER TABLE ONLY ${name}\\.${name} ALTER COLUMN ${name} SET NOT NULL;\\n`, "gmu"), "");
  }
  if (server < 14) text = text.replace(", streaming = off", "");
  if (server < 11) {
    text = text
      .replace(/^ {4}PROCEDURE = /gm, "    FUNCTION = ")
      .replace(/^ {3}EXECUTE PROCEDURE /gm, "   EXECUTE FUNCTION ");
  }
  if (server < 16) text = text.replace(/, run_as_owner = true/g, "");
  if (server < 15) {
    // That not everybody may create in schema public is no news to 15, but must be said to the server it came from.
    const said = /REVOKE ALL ON SCHEMA "?public"? FROM PUBLIC;\nGRANT USAGE ON SCHEMA "?public"? TO PUBLIC;\n/;
    text = text.replace(said, "");
  }
  return text;
}

/** A script, as binary string, without what is different each time: the key, who wrote it. */
export function comparableScript(script: string, server: number): string {
  let text = withoutKnownDifferences(script, server)
    .replace(/^\\(un)?restrict .*$/gm, "")
    .replace(/^-- Dumped by .*$/gm, "");
  // Settings and options that only newer servers know.
  if (server < 18) text = text.replace(/^CREATE DATABASE .*$/gm, "");
  if (server < 17) text = text.replace(/^SET transaction_timeout = 0;\n/gm, "");
  return text;
}
