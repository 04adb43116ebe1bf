import { expect, test } from "vitest";
import { foreignFile } from "./foreign-file.ts";

const otherwise = { message: "no backup", hint: "give one" };

test.each([
  ["/Td6WFoAAATm1rRGAg", "compressed by xz", "xz -dc FILE | dbbackup"],
  ["QlpoOTFBWSZTWZfOwUo", "compressed by bzip2", "bzip2 -dc FILE | dbbackup"],
])("what begins with %s is named, with the command that unpacks it", (start, is, hint) => {
  const error = foreignFile(Buffer.from(start, "base64"), otherwise);
  expect(error).toMatchObject({ code: "FOREIGN_FILE", message: `the file is ${is}` });
  expect(error.hint).toContain(hint);
});

test("a zip, an empty file, and what nobody knows", () => {
  expect(foreignFile(Buffer.from("PK\u0003\u0004xxxx"), otherwise).message).toBe("the file is a zip archive");
  expect(foreignFile(Buffer.alloc(0), otherwise).message).toBe("the file is empty");
  expect(foreignFile(Buffer.from([0, 1]), otherwise)).toMatchObject(otherwise);
});
