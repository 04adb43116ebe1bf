import { quoteIdentifier } from "../test-database.ts";
import type { Dice } from "./dice.ts";

export interface Column {
  /** Quoted. */
  readonly name: string;
  readonly type: string;
}

export interface Relation {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly kind: "table" | "partitioned" | "view" | "materialized view" | "foreign table";
  readonly columns: readonly Column[];
}

const ODD_NAMES = [
  'say "hello"',
  "it's",
  "two words",
  "UPPER",
  "select",
  "new\nline",
  "back\\slash",
  "--comment",
  "/* comment */",
  "semi;colon",
  "a.b",
  "%s%I%",
  "$1",
  "$$",
  "Ünïcödé 表",
  "tab\there",
  "-dash",
  ".dot",
  "(paren",
  "\\restrict x",
  "trailing ",
  "é".repeat(31),
  "x".repeat(63),
];

/** What was made so far, and what new things may be called. */
export class World {
  readonly dice: Dice;
  readonly roles: string[];
  readonly schemas: string[] = ["public"];
  readonly relations: Relation[] = [];
  /** Types of users; domains among them. */
  readonly types: string[] = [];
  /** Functions `int -> int`, immutable. */
  readonly functions: string[] = [];
  /** Functions without arguments that triggers call. */
  readonly triggerFunctions: string[] = [];
  readonly sequences: string[] = [];
  /** What COMMENT, OWNER and the like can name: `TABLE x`, `FUNCTION f(integer)`. */
  readonly things: string[] = [];
  #count = 0;

  constructor(dice: Dice, roles: readonly string[]) {
    this.dice = dice;
    this.roles = [...roles];
  }

  /** A new name, quoted: one in three is odd. */
  name(): string {
    this.#count += 1;
    if (!this.dice.once(3)) return quoteIdentifier(`n${this.#count}`);
    const odd = this.dice.pick(ODD_NAMES);
    return quoteIdentifier(Buffer.byteLength(odd) > 55 ? odd : `${odd}${this.#count}`);
  }

  /** A new name in one of the schemas. */
  path(): string {
    return `${this.dice.pick(this.schemas)}.${this.name()}`;
  }

  type(): string {
    return this.types.length > 0 && this.dice.once(3) ? this.dice.pick(this.types) : this.dice.pick(BASE_TYPES);
  }

  relation(...kinds: readonly Relation["kind"][]): Relation | undefined {
    const found = this.relations.filter(({ kind }) => kinds.includes(kind));
    return found.length === 0 ? undefined : this.dice.pick(found);
  }
}

export const BASE_TYPES = [
  "integer",
  "integer",
  "integer",
  "bigint",
  "smallint",
  "text",
  "text",
  "character varying(20)",
  "character(5)",
  "numeric(12,3)",
  "numeric",
  "boolean",
  "date",
  "timestamp(3) with time zone",
  "time without time zone",
  "interval day to second(3)",
  "bytea",
  "jsonb",
  "uuid",
  "inet",
  "point",
  "bit(3)",
  "bit varying(7)",
  '"char"',
  "name",
  "oid",
  "regclass",
  "int4range",
  "tsvector",
  "xml",
  "money",
  "integer[]",
  "text[][]",
  "double precision",
];
