import { describe, expect, test } from "vitest";
import { allParts, type DumpObject, type ObjectKind } from "../objects/dump-object.ts";
import { ObjectRegistry } from "../objects/object-registry.ts";
import { sortObjects } from "./sort-objects.ts";

let lastOid = 0;

function make(registry: ObjectRegistry, kind: ObjectKind, name: string, more: Partial<DumpObject> = {}): DumpObject {
  return registry.add<DumpObject>({
    kind,
    catalog: { table: 1, oid: ++lastOid },
    name,
    schema: "s",
    parts: allParts,
    ...more,
  });
}

function order(registry: ObjectRegistry): string[] {
  const { objects, warnings } = sortObjects(registry);
  expect(warnings).toEqual([]);
  return objects.filter((object) => !object.kind.endsWith("boundary")).map((object) => object.name);
}

describe("sortObjects", () => {
  test("orders by kind, then schema and name, whatever the reading order", () => {
    const registry = new ObjectRegistry();
    make(registry, "index", "i");
    make(registry, "table", "b");
    make(registry, "table-data", "data");
    make(registry, "table", "a");
    make(registry, "schema", "z", { schema: null });
    make(registry, "table", "a", { schema: null, name: "no schema" });
    expect(order(registry)).toEqual(["z", "a", "b", "no schema", "data", "i"]);
  });

  test("moves only what a dependency forces", () => {
    const registry = new ObjectRegistry();
    const a = make(registry, "table", "a");
    make(registry, "table", "b");
    const c = make(registry, "table", "c");
    a.dependencies.add(c.dumpId);
    expect(order(registry)).toEqual(["c", "a", "b"]);
  });

  test("a view and its rule: the rule stays inside the view", () => {
    const registry = new ObjectRegistry();
    const view = make(registry, "table", "view");
    const rule = make(registry, "rule", "rule", { inlineOwner: view.dumpId });
    view.dependencies.add(rule.dumpId);
    rule.dependencies.add(view.dumpId);
    expect(order(registry)).toEqual(["rule", "view"]);
    expect(rule.separate).toBeUndefined();
  });

  test("two views that need each other: one becomes a dummy and gets its rule after the data", () => {
    const registry = new ObjectRegistry();
    const views = ["v1", "v2"].map((name) => make(registry, "table", name));
    const rules = views.map((view, index) => make(registry, "rule", `r${index + 1}`, { inlineOwner: view.dumpId }));
    const data = make(registry, "table-data", "data");
    views.forEach((view, index) => {
      view.dependencies.add(rules[index]!.dumpId);
      rules[index]!.dependencies.add(view.dumpId).add(views[1 - index]!.dumpId);
    });
    const names = order(registry);
    const separate = rules.filter((rule) => rule.separate === true);
    expect(separate).toHaveLength(1);
    expect(names.indexOf(separate[0]!.name)).toBeGreaterThan(names.indexOf(data.name));
    expect(names).toHaveLength(5);
  });

  test("a table whose check needs a function on the table's row type gets the check after the data", () => {
    const registry = new ObjectRegistry();
    const table = make(registry, "table", "t");
    const check = make(registry, "constraint", "check", { inlineOwner: table.dumpId });
    const helper = make(registry, "function", "f");
    table.dependencies.add(check.dumpId);
    check.dependencies.add(table.dumpId).add(helper.dumpId);
    helper.dependencies.add(table.dumpId);
    expect(order(registry)).toEqual(["t", "f", "check"]);
    expect(check.separate).toBe(true);
  });

  test("a default in a cycle is set after the table and before the data", () => {
    const registry = new ObjectRegistry();
    const table = make(registry, "table", "t");
    const value = make(registry, "default", "d", { inlineOwner: table.dumpId });
    const helper = make(registry, "function", "f");
    const data = make(registry, "table-data", "data");
    table.dependencies.add(value.dumpId);
    value.dependencies.add(table.dumpId).add(helper.dumpId);
    helper.dependencies.add(table.dumpId);
    data.dependencies.add(table.dumpId);
    expect(order(registry)).toEqual(["t", "f", "d", "data"]);
  });

  test("a materialized view that needs a primary key moves behind the data", () => {
    const registry = new ObjectRegistry();
    const table = make(registry, "table", "t");
    const key = make(registry, "constraint", "pk");
    const view = make(registry, "table", "mv", { canBePostponed: true });
    make(registry, "table-data", "data");
    key.dependencies.add(table.dumpId);
    view.dependencies.add(table.dumpId).add(key.dumpId);
    expect(order(registry)).toEqual(["t", "data", "pk", "mv"]);
    expect(view.postponed).toBe(true);
  });

  test("a type that holds rows of such a materialized view moves with it", () => {
    const registry = new ObjectRegistry();
    const table = make(registry, "table", "t");
    const key = make(registry, "constraint", "pk");
    const view = make(registry, "table", "mv", { canBePostponed: true });
    const rule = make(registry, "rule", "rule", { inlineOwner: view.dumpId });
    const type = make(registry, "type", "type");
    make(registry, "table-data", "data");
    key.dependencies.add(table.dumpId);
    view.dependencies.add(rule.dumpId);
    rule.dependencies.add(view.dumpId).add(table.dumpId).add(key.dumpId);
    type.dependencies.add(view.dumpId);
    expect(order(registry)).toEqual(["t", "data", "pk", "rule", "mv", "type"]);
    expect([view, type].every((object) => object.postponed === true)).toBe(true);
    expect(rule.separate).toBeUndefined();
  });

  test("a cycle nobody knows is cut, said, and nothing is lost", () => {
    const registry = new ObjectRegistry();
    const a = make(registry, "type", "a");
    const b = make(registry, "type", "b");
    a.dependencies.add(b.dumpId);
    b.dependencies.add(a.dumpId);
    const { objects, warnings } = sortObjects(registry);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"s.a"');
    expect(objects).toContain(a);
    expect(objects).toContain(b);
  });

  test("a chain of 100,000 objects is sorted without recursion", () => {
    const registry = new ObjectRegistry();
    let previous = make(registry, "table", "0");
    for (let i = 1; i < 100_000; i++) {
      const next = make(registry, "table", String(i));
      previous.dependencies.add(next.dumpId);
      previous = next;
    }
    expect(order(registry)[0]).toBe("99999");
  });
});
