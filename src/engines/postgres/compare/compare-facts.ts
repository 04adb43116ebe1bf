import type { SchemaDifference } from "../../../ports/comparison.ts";
import { loosen, type Majors } from "./loosen.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { toUnicode } from "./to-unicode.ts";

/** All that differs between two schemas, in the order of the left one; what only the right one has comes last. */
export function* compareFacts(left: SchemaFacts, right: SchemaFacts, majors: Majors): Generator<SchemaDifference> {
  for (const [object, aspects] of left) yield* compareObject(object, aspects, right.get(object) ?? nothing, majors);
  for (const [object, aspects] of right) if (!left.has(object)) yield* compareObject(object, nothing, aspects, majors);
}

type Aspects = ReadonlyMap<string, string>;

const nothing: Aspects = new Map();

/** Facts about objects that may exist on both sides all the same: system objects, triggers of partitions. */
const withoutExistence = /^(comment|label of .*|changed privileges|enabled)$/;

function* compareObject(object: string, left: Aspects, right: Aspects, majors: Majors): Generator<SchemaDifference> {
  const isMissing = left.size === 0 || right.size === 0;
  if (!isMissing || [...left.keys(), ...right.keys()].every((aspect) => withoutExistence.test(aspect))) {
    yield* compareAspects(object, left, right, majors);
  } else {
    yield { object: toUnicode(object), aspect: "exists", [left.size === 0 ? "right" : "left"]: "yes" };
  }
}

function* compareAspects(object: string, left: Aspects, right: Aspects, majors: Majors): Generator<SchemaDifference> {
  for (const aspect of new Set([...left.keys(), ...right.keys()])) {
    const a = left.get(aspect);
    const b = right.get(aspect);
    if (a === b || loosen(aspect, a, majors) === loosen(aspect, b, majors)) continue;
    yield {
      object: toUnicode(object),
      aspect,
      ...(a === undefined ? {} : { left: toUnicode(a) }),
      ...(b === undefined ? {} : { right: toUnicode(b) }),
    };
  }
}
