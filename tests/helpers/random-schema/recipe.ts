import { quoteLiteral } from "../test-database.ts";
import type { Column, Relation, World } from "./world.ts";

/** A statement, and what to remember when the server took it. */
export interface Step {
  readonly sql: string;
  readonly made?: () => void;
}

export type Recipe = (world: World) => Step | undefined;

export const isWhole = ({ type }: Column): boolean => /^(integer|bigint|smallint)$/.test(type);

/** A condition over the columns of a relation. */
export function condition({ dice, functions }: World, columns: readonly Column[]): string {
  const column = dice.pick(columns);
  const tests = [`${column.name} IS NOT NULL`, `${column.name}::text <> ${quoteLiteral("it's\\ \n")}`];
  if (isWhole(column)) {
    tests.push(`${column.name} > ${dice.number(9)}`, `${column.name} BETWEEN 0 AND 9 OR ${column.name} IN (11, 12)`);
    if (functions.length > 0) tests.push(`${dice.pick(functions)}(${column.name}::integer) > 0`);
  }
  return dice.pick(tests);
}

/** An expression of type integer over the columns of a relation. */
export function whole({ dice, functions }: World, columns: readonly Column[]): string {
  const column = dice.pick(columns);
  const text = `length(${column.name}::text)`;
  const some = isWhole(column) ? [`${column.name}::integer + 1`, `(${column.name} % 7)::integer`] : [text];
  if (functions.length > 0) some.push(`${dice.pick(functions)}(${isWhole(column) ? `${column.name}::integer` : text})`);
  return dice.pick(some);
}

export function remember(world: World, relation: Relation, word: string): void {
  world.relations.push(relation);
  world.things.push(`${word} ${relation.name}`);
}

/** Where the schema of a quoted path ends. */
export function schemaLength(path: string): number {
  return path.startsWith('"') ? /^"(?:[^"]|"")*"/.exec(path)![0].length : path.indexOf(".");
}
