import type { SchemaDifference } from "../../../ports/comparison.ts";
import type { SchemaFacts } from "./schema-facts.ts";

const nothing: ReadonlyMap<string, string> = new Map();

/**
 * All that differs between two schemas, in the order of the left one; what only the right one has comes last.
 * @param pairs names of objects that mean the same, left and right
 */
export function* schemaDifferences(
  left: SchemaFacts,
  right: SchemaFacts,
  pairs: ReadonlyMap<string, string>,
): Generator<SchemaDifference> {
  for (const [object, aspects] of left) {
    yield* compareObject(object, aspects, right.get(pairs.get(object) ?? "") ?? nothing);
  }
  const paired = new Set(pairs.values());
  for (const [object, aspects] of right) if (!paired.has(object)) yield* compareObject(object, nothing, aspects);
}

function* compareObject(
  object: string,
  left: ReadonlyMap<string, string>,
  right: ReadonlyMap<string, string>,
): Generator<SchemaDifference> {
  if (left.size === 0 || right.size === 0) {
    yield { object, aspect: "exists", [left.size === 0 ? "right" : "left"]: "yes" };
    return;
  }
  for (const aspect of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(aspect), right.get(aspect)];
    if (a === b) continue;
    yield { object, aspect, ...(a === undefined ? {} : { left: a }), ...(b === undefined ? {} : { right: b }) };
  }
}
