import { describe, expect, test } from "vitest";
import { formatAclItem, parseAclItem } from "./acl-item.ts";

describe("parseAclItem", () => {
  test("reads grantee, grantor and grant options", () => {
    expect(parseAclItem("reader=r*w/owner")).toEqual({
      grantee: "reader",
      grantor: "owner",
      privileges: [
        { letter: "r", grantable: true },
        { letter: "w", grantable: false },
      ],
    });
  });

  test("an empty grantee is PUBLIC, no letters are no privileges", () => {
    expect(parseAclItem("=/owner")).toEqual({ grantee: "", grantor: "owner", privileges: [] });
  });

  test.each(["plain", 'we "ird', "r=x/y", "", "a,b", "/", '"', "gr\u00c3\u00a9", "group x"])(
    "reads back a role called %s",
    (name) => {
      const text = formatAclItem(name, "U", name);
      expect(parseAclItem(text)).toMatchObject({ grantee: name, grantor: name });
    },
  );

  test.each(["", "a", "a=r", 'a=r/"b', '"a=r/b', "a=1/b", "a=*/b"])("refuses %s", (text) => {
    expect(() => parseAclItem(text)).toThrow("not the text of an aclitem");
  });
});
