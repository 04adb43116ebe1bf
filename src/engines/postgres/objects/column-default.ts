import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type Row } from "./catalog-reader.ts";
import { DumpIds } from "./dump-ids.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import { objectEntry } from "./object-entry.ts";
import { type ObjectRegistry, unregistered } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { printInside } from "./print-inside.ts";
import { type InheritedColumn, inheritedFrom } from "./relation/read-inheritance.ts";
import {
  type Column,
  columnAt,
  isPrinted,
  notAskedYet,
  oidArray,
  type Relation,
  relationAt,
  relationsWithColumns,
  tableWord,
} from "./relation/relation.ts";

/** A DEFAULT or generation expression of a column. */
export interface ColumnDefault extends DumpObject {
  readonly kind: "default";
  readonly inlineOwner: number;
  readonly relation: Relation;
  readonly column: Column;
  readonly expression: string;
  /** A generation expression that the parents give too: not said again. */
  isInherited: boolean;
}

/**
 * The server opens a table to print an expression of its columns, which takes longer than all else about it. Generation
 * expressions have such; in what can be a DEFAULT there is none.
 */
const tableOfExpression = "CASE WHEN d.adbin::pg_catalog.text LIKE '%{VAR %' THEN d.adrelid ELSE 0 END";

export const columnDefaultType: ObjectType<ColumnDefault> = {
  label: "column default",

  queriesAboutTables: (tables) => ({ rows: defaultQuery(tables) }),

  queriesAboutRelations(reader) {
    const others = notAskedYet(reader, relationsWithColumns(reader));
    return { rows: others.length === 0 ? undefined : defaultQuery(oidArray(others)) };
  },

  read(reader, { rows }): ColumnDefault[] {
    const defaults = rows.map((row) => defaultOf(reader.registry, row));
    for (const child of relationsWithColumns(reader).filter((relation) => relation.parents.length > 0)) {
      for (const column of child.columns) defaults.push(...compareWithParents(reader.registry, child, column));
    }
    return defaults;
  },

  link(defaults: readonly ColumnDefault[], registry: ObjectRegistry): void {
    for (const each of defaults) {
      const relation = registry.get(each.inlineOwner)!;
      if (!each.separate) printInside(relation, each);
      each.separate ||= isOfOwnSequence(each, registry);
      if (each.separate) standAlone(relation, each);
    }
  },

  entries(object: ColumnDefault): PlannedEntry[] {
    const { relation, column } = object;
    if (column.generated !== "") return [];
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(column.name);
    return [
      objectEntry(object, {
        desc: "DEFAULT",
        section: "pre-data",
        tag: `${relation.name} ${column.name}`,
        owner: relation.owner,
        definition: `ALTER ${tableWord(relation)} ONLY ${table} ALTER COLUMN ${name} SET DEFAULT ${object.expression};\n`,
        drop: `ALTER ${tableWord(relation)} ${table} ALTER COLUMN ${name} DROP DEFAULT;\n`,
      }),
    ];
  },
};

function defaultQuery(relations: string): string {
  return (
    `SELECT d.oid, d.adrelid, d.adnum, pg_catalog.pg_get_expr(d.adbin, ${tableOfExpression}) AS expression ` +
    `FROM pg_catalog.unnest(${relations}) AS src(oid) ` +
    "JOIN pg_catalog.pg_attrdef d ON d.adrelid = src.oid ORDER BY d.adrelid, d.adnum"
  );
}

/** `nextval` of a sequence that belongs to the table and so comes behind it, as of every serial column. */
function isOfOwnSequence({ dependencies, relation }: ColumnDefault, registry: ObjectRegistry): boolean {
  let isOwn = false;
  dependencies.forEach((id) => {
    const needed = registry.get(id);
    isOwn ||= needed?.kind === "table" && (needed as Relation).ownedBy?.table === relation.catalog.oid;
  });
  return isOwn;
}

function standAlone(relation: DumpObject, separate: ColumnDefault): void {
  relation.dependencies.delete(separate.dumpId);
  separate.dependencies.add(relation.dumpId);
}

function defaultOf(registry: ObjectRegistry, row: Row): ColumnDefault {
  const relation = relationAt(registry, Number(row.adrelid))!;
  const column = columnAt(relation, Number(row.adnum));
  return addDefault(registry, relation, column, row.expression!, Number(row.oid));
}

function addDefault(
  registry: ObjectRegistry,
  relation: Relation,
  column: Column,
  expression: string,
  oid: number,
): ColumnDefault {
  // There is no statement that gives a column its generation expression later: it never stands alone.
  const separate = column.generated === "" && (relation.relkind === "v" || !isPrinted(relation, column));
  const added = registry.add<ColumnDefault>({
    dumpId: unregistered,
    dependencies: new DumpIds(),
    kind: "default",
    catalog: { table: oid === 0 ? 0 : Catalog.pg_attrdef, oid },
    name: relation.name,
    schema: relation.schema,
    tieBreak: tieBreakOf(column.number),
    parts: partsWith(relation),
    inlineOwner: relation.dumpId,
    separate,
    relation,
    column,
    expression,
    isInherited: false,
  });
  column.default = added;
  return added;
}

/** One for all columns of a number, in whatever table. */
const tieBreaks: (readonly string[] | undefined)[] = [];

function tieBreakOf(column: number): readonly string[] {
  tieBreaks[column] ??= [String(column).padStart(5, "0")];
  return tieBreaks[column];
}

/**
 * A child without a default of its own would get its parent's back: then it says DEFAULT NULL. A generation expression
 * that all parents share is inherited and not said again.
 */
function compareWithParents(registry: ObjectRegistry, child: Relation, column: Column): ColumnDefault[] {
  const inherited = inheritedFrom(child, column);
  if (column.default === undefined && inherited.some(givesDefault)) {
    return [addDefault(registry, child, column, "NULL", 0)];
  }
  const generated = inherited.filter((parent) => parent.column.generated !== "");
  const same = generated.every((parent) => parent.column.default?.expression === column.default?.expression);
  if (generated.length > 0 && same && column.default !== undefined && child.partitionBound === null) {
    column.default.isInherited = true;
  }
  return [];
}

/**
 * Whether a child that is created under this table may get a default for the column. A table that itself has to say
 * DEFAULT NULL says so after all tables are there: until then its own parent's default goes down to its children.
 */
function givesDefault({ relation, column }: InheritedColumn): boolean {
  const own = column.default;
  if (own !== undefined && own.catalog.oid !== 0) return column.generated === "" && own.expression !== "NULL";
  if (relation.partitionBound !== null || own?.separate === false) return false;
  return inheritedFrom(relation, column).some(givesDefault);
}
