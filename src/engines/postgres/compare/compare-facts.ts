import type { SchemaDifference } from "../../../ports/comparison.ts";
import { loosen, type Majors } from "./loosen.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { toUnicode } from "./to-unicode.ts";

/** What of an object differs. Binary strings. */
export interface FactDifference {
  readonly object: string;
  /** `exists` alone when one side has the object and the other has not. */
  readonly aspects: readonly string[];
}

/** All that differs between two schemas, in the order of the left one; what only the right one has comes last. */
export function* differingFacts(left: SchemaFacts, right: SchemaFacts, majors: Majors): Generator<FactDifference> {
  for (const [object, aspects] of left) yield* compareObject(object, aspects, right.get(object) ?? nothing, majors);
  for (const [object, aspects] of right) if (!left.has(object)) yield* compareObject(object, nothing, aspects, majors);
}

/** The same for people. */
export function* toldDifferences(
  { object, aspects }: FactDifference,
  left: SchemaFacts,
  right: SchemaFacts,
): Generator<SchemaDifference> {
  const [a, b] = [left.get(object), right.get(object)];
  const name = toUnicode(object);
  if (aspects[0] === "exists" && !(a?.has("exists") === true && b?.has("exists") === true)) {
    yield { object: name, aspect: "exists", [a === undefined ? "right" : "left"]: "yes" };
    return;
  }
  for (const aspect of aspects) {
    const [onLeft, onRight] = [a?.get(aspect), b?.get(aspect)];
    yield {
      object: name,
      aspect,
      ...(onLeft === undefined ? {} : { left: toUnicode(onLeft) }),
      ...(onRight === undefined ? {} : { right: toUnicode(onRight) }),
    };
  }
}

type Aspects = ReadonlyMap<string, string>;

const nothing: Aspects = new Map();

/** Facts about objects that may exist on both sides all the same: system objects, triggers of partitions. */
const withoutExistence = /^(comment|label of .*|changed privileges|enabled)$/;

function* compareObject(object: string, left: Aspects, right: Aspects, majors: Majors): Generator<FactDifference> {
  const isMissing = left.size === 0 || right.size === 0;
  if (isMissing && ![...left.keys(), ...right.keys()].every((aspect) => withoutExistence.test(aspect))) {
    yield { object, aspects: ["exists"] };
    return;
  }
  const aspects = [...new Set([...left.keys(), ...right.keys()])].filter((aspect) => {
    const [a, b] = [left.get(aspect), right.get(aspect)];
    return a !== b && loosen(aspect, a, majors) !== loosen(aspect, b, majors);
  });
  if (aspects.length > 0) yield { object, aspects };
}
