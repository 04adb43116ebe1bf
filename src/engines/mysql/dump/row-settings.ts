import type { MysqlRowsShape } from "../../../ports/mysql-dump.ts";

/** What the text of rows in a script, and so their checksums, hang on: for the metadata. */
export function rowSettingsOf({ hexBlob, jsonAsText }: MysqlRowsShape): Readonly<Record<string, string>> {
  return {
    time_zone: "+00:00",
    ...(hexBlob ? { hex_blob: "on" } : {}),
    ...(jsonAsText ? { json_as_text: "on" } : {}),
  };
}

/** The same, read back. */
export function rowShapeOf(
  settings: Readonly<Record<string, string>> = {},
): Pick<MysqlRowsShape, "hexBlob" | "jsonAsText"> {
  return { hexBlob: settings["hex_blob"] === "on", jsonAsText: settings["json_as_text"] === "on" };
}
