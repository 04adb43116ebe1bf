import { describe, expect, test } from "vitest";
import { type PrivilegeTarget, privilegeStatements } from "./privilege-statements.ts";

const table: PrivilegeTarget = { kind: "TABLE", subject: "TABLE s.t", owner: "own" };
const fresh = ["own=arwdDxtm/own"];

/** Expected texts are what pg_dump 18 wrote for the same access control lists. */
describe("privilegeStatements", () => {
  test("says nothing when nothing changed", () => {
    expect(privilegeStatements(table, fresh, fresh)).toBe("");
  });

  test("all privileges of the kind are ALL, fewer are listed in pg_dump's order", () => {
    expect(privilegeStatements(table, fresh, [...fresh, "r1=arwdDxtm/own", "r2=arwdDxt/own"])).toBe(
      "GRANT ALL ON TABLE s.t TO r1;\n" +
        "GRANT SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE ON TABLE s.t TO r2;\n",
    );
  });

  test("revokes what is gone, then grants, the owner's own first", () => {
    expect(privilegeStatements(table, fresh, ["=r/own", "own=rwdDxtm/own"])).toBe(
      "REVOKE ALL ON TABLE s.t FROM own;\n" +
        "GRANT SELECT,REFERENCES,DELETE,TRIGGER,TRUNCATE,MAINTAIN,UPDATE ON TABLE s.t TO own;\n" +
        "GRANT SELECT ON TABLE s.t TO PUBLIC;\n",
    );
  });

  test("grant options are a second statement", () => {
    expect(privilegeStatements(table, fresh, [...fresh, "r2=a*r*w/own"])).toBe(
      "GRANT UPDATE ON TABLE s.t TO r2;\nGRANT SELECT,INSERT ON TABLE s.t TO r2 WITH GRANT OPTION;\n",
    );
  });

  test("a grant by another role is made in that role's name", () => {
    expect(privilegeStatements(table, fresh, [...fresh, '"r=x/y"=r/R2'])).toBe(
      'SET SESSION AUTHORIZATION "R2";\nGRANT SELECT ON TABLE s.t TO "r=x/y";\nRESET SESSION AUTHORIZATION;\n',
    );
  });

  test("grants rest on earlier ones, so their order stays", () => {
    const sql = privilegeStatements(table, fresh, [...fresh, "b=r*/own", "a=r/b", "c=r/own"]);
    expect(sql.match(/TO \w/g)).toEqual(["TO b", "TO a", "TO c"]);
  });

  test("column privileges carry the column with each word", () => {
    const column: PrivilegeTarget = { kind: "COLUMN", subject: "TABLE s.t", column: '"B b"', owner: "own" };
    expect(privilegeStatements(column, [], ["r1=rw/own", "r2=a*r*w*x*/own"])).toBe(
      'GRANT SELECT("B b"),UPDATE("B b") ON TABLE s.t TO r1;\nGRANT ALL("B b") ON TABLE s.t TO r2 WITH GRANT OPTION;\n',
    );
  });

  test("a revoke takes grant options along", () => {
    const f: PrivilegeTarget = { kind: "FUNCTION", subject: "FUNCTION s.f(a integer)", owner: "own" };
    expect(privilegeStatements(f, ["=X/own", "own=X*/own"], ["own=X*/own"])).toBe(
      "REVOKE ALL ON FUNCTION s.f(a integer) FROM PUBLIC;\n",
    );
    expect(privilegeStatements(f, ["own=X*/own"], [])).toBe("REVOKE ALL ON FUNCTION s.f(a integer) FROM own;\n");
  });

  test("letters that the kind does not have are ignored", () => {
    const type: PrivilegeTarget = { kind: "TYPE", subject: "TYPE s.e", owner: "own" };
    expect(privilegeStatements(type, [], ["r1=r/own", "r2=U/own"])).toBe("GRANT ALL ON TYPE s.e TO r2;\n");
  });

  test("default privileges carry their prefix on every statement", () => {
    const tables: PrivilegeTarget = {
      kind: "TABLES",
      subject: "TABLES",
      owner: "own",
      prefix: "ALTER DEFAULT PRIVILEGES FOR ROLE own ",
    };
    expect(privilegeStatements(tables, fresh, ["r1=r/own"])).toBe(
      "ALTER DEFAULT PRIVILEGES FOR ROLE own REVOKE ALL ON TABLES FROM own;\n" +
        "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT SELECT ON TABLES TO r1;\n",
    );
  });
});
