import type { SchemaDifference } from "../../../../ports/comparison.ts";
import type { Definition, Definitions } from "./definitions.ts";

/**
 * What differs between the definitions of a database (left) and those of a backup (right).
 * @param sameWriter whether both were written by the same program for the same version of server: else statements that mean
 *   the same may be written in two ways, and only what exists, and who owns it, is compared
 */
export function* compareDefinitions(
  left: Definitions,
  right: Definitions,
  sameWriter: boolean,
): Generator<SchemaDifference> {
  for (const [key, live] of left) {
    const archived = right.get(key) ?? [];
    // Those of one name are told apart by what they say.
    const onlyLeft = without(live, archived, sameWriter);
    const onlyRight = without(archived, live, sameWriter);
    for (const [index, one] of onlyLeft.entries()) yield* differences(one, onlyRight[index], sameWriter);
    for (const one of onlyRight.slice(onlyLeft.length)) yield* differences(undefined, one, sameWriter);
  }
  for (const [key, archived] of right) {
    if (!left.has(key)) for (const one of archived) yield* differences(undefined, one, sameWriter);
  }
}

function without(some: readonly Definition[], others: readonly Definition[], sameWriter: boolean): Definition[] {
  const textOf = ({ owner, statement }: Definition): string => `${owner}\0${sameWriter ? statement : ""}`;
  const left = others.map(textOf);
  return some.filter((one) => {
    const at = left.indexOf(textOf(one));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function* differences(
  left: Definition | undefined,
  right: Definition | undefined,
  sameWriter: boolean,
): Generator<SchemaDifference> {
  const { object } = (left ?? right)!;
  if (left === undefined || right === undefined) {
    yield { object, aspect: "exists", ...(left === undefined ? { right: "yes" } : { left: "yes" }) };
    return;
  }
  if (left.owner !== right.owner) yield { object, aspect: "owner", left: left.owner, right: right.owner };
  if (sameWriter && left.statement !== right.statement) {
    yield { object, aspect: "definition", left: left.statement.trim(), right: right.statement.trim() };
  }
}
