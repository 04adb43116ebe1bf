import { expect, test } from "vitest";
import { TypedJsonAsText, typedJsonAsText } from "./typed-json-as-text.ts";

const rows = String.raw`INSERT INTO ${"`JSON_SET('`"} VALUES (1,JSON_SET('{"a": "it\'s \\", "b": 1.50}', '$."a)\'("', CAST('2020-01-01' AS DATE), '$[1]', (SELECT v FROM JSON_TABLE(JSON_ARRAY(x'00ff'), '$[*]' COLUMNS(v LONGBLOB PATH '$')) j)),'JSON_SET(''x'')',J,JSON_S,JSON_SET(a, '$')),(2,'"\'',JSON_SET('1.5', '$', 1.5),"JSON_SET('y')")`;
const expected = String.raw`INSERT INTO ${"`JSON_SET('`"} VALUES (1,'{"a": "it\'s \\", "b": 1.50}','JSON_SET(''x'')',J,JSON_S,JSON_SET(a, '$')),(2,'"\'','1.5',"JSON_SET('y')")`;

test("rows hold the text of JSON without what is put into it, wherever they are cut", () => {
  const text = Buffer.from(rows);
  expect(typedJsonAsText(text).toString()).toBe(expected);
  for (let at = 0; at <= text.length; at++) {
    const asText = new TypedJsonAsText();
    const parts = [asText.push(text.subarray(0, at)), asText.push(text.subarray(at)), asText.end()];
    expect(Buffer.concat(parts).toString()).toBe(expected);
    expect(asText.changed).toBe(true);
  }
});

test("what ends with the beginning of such a call comes out whole", () => {
  for (const text of ["SELECT J", "SELECT JSON_SET(", "JJSON_SETJSON_SET("]) {
    const asText = new TypedJsonAsText();
    expect(Buffer.concat([asText.push(Buffer.from(text)), asText.end()]).toString()).toBe(text);
    expect(asText.changed).toBe(false);
  }
});
