import { textArray } from "../sql/pg-array.ts";
import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "./catalog-reader.ts";
import { commentEntries } from "./comment-entry.ts";
import { DumpIds } from "./dump-ids.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import { dependsOnExtensionStatements } from "./extension-dependency.ts";
import type { IndexAttach } from "./index-attach.ts";
import { indexQuery } from "./index-query.ts";
import type { KeyConstraint } from "./key-constraint.ts";
import { objectEntry } from "./object-entry.ts";
import { unregistered } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { indexedTables, oidArray, type Relation, relationAt } from "./relation/relation.ts";

/** An index, also one that a constraint stands for: then the constraint's entry creates it. */
export interface IndexObject extends DumpObject {
  readonly kind: "index";
  readonly relation: Relation;
  /** As pg_get_indexdef prints it; null for the index of a constraint. */
  readonly definition: string | null;
  /** Column numbers; 0 for an expression. Key columns first, then those of INCLUDE. */
  readonly columns: readonly number[];
  readonly keyColumns: number;
  readonly nullsNotDistinct: boolean;
  readonly isClustered: boolean;
  readonly isReplicaIdentity: boolean;
  readonly tablespace: string;
  readonly options: readonly string[];
  /** OID of the partitioned index that it is attached to; 0 for none. */
  readonly parent: number;
  readonly statistics: readonly { readonly column: string; readonly target: string }[];
  readonly dependsOnExtensions: readonly string[];
  /** Ties of the indexes of partitions to this one. */
  readonly attaches: IndexAttach[];
  constraint: KeyConstraint | undefined;
}

export const indexType: ObjectType<IndexObject> = {
  label: "index",
  isAskedAside: true,

  queriesAboutRelations: ({ capabilities, registry }) => ({
    rows: indexQuery(capabilities, oidArray(indexedTables(registry))),
  }),

  read(reader, { rows }): IndexObject[] {
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.indrelid))!;
      const index = reader.registry.add<IndexObject>(indexOf(reader, row, relation));
      relation.indexes = relation.indexes.concat(index);
      return index;
    });
  },

  entries(index: IndexObject, context: EntryContext): PlannedEntry[] {
    const { relation, constraint } = index;
    const comment = indexComment(index, context);
    if (constraint !== undefined) return comment;
    const name = qualified(index.schema, index.name);
    return [
      objectEntry(index, {
        desc: "INDEX",
        section: "post-data",
        definition: createIndex(index),
        // One that is attached goes with the index of the partitioned table; the server refuses to drop it alone.
        ...(index.parent === 0 ? { drop: `DROP INDEX ${name};\n` } : {}),
        tablespace: index.tablespace,
        owner: relation.owner,
      }),
      ...comment,
    ];
  },
};

function indexComment(index: IndexObject, context: EntryContext): PlannedEntry[] {
  const { catalog, schema, name, relation, constraint } = index;
  if (!context.isDescribed(catalog)) return [];
  return commentEntries({ catalog, schema, dumpId: constraint?.dumpId ?? index.dumpId }, context, {
    subject: `INDEX ${qualified(schema, name)}`,
    tag: `INDEX ${quoteIdentifier(name)}`,
    owner: relation.owner,
  });
}

/** ALTER TABLE statements for what neither CREATE INDEX nor ADD CONSTRAINT can say. */
export function clusterStatement(index: IndexObject): string {
  if (!index.isClustered) return "";
  return `\nALTER TABLE ${tableName(index)} CLUSTER ON ${quoteIdentifier(index.name)};\n`;
}

export function replicaIdentityStatement(index: IndexObject): string {
  if (!index.isReplicaIdentity) return "";
  return `\nALTER TABLE ONLY ${tableName(index)} REPLICA IDENTITY USING INDEX ${quoteIdentifier(index.name)};\n`;
}

function createIndex(index: IndexObject): string {
  const name = qualified(index.schema, index.name);
  const statistics = index.statistics.map(
    ({ column, target }) => `ALTER INDEX ${name} ALTER COLUMN ${column} SET STATISTICS ${target};\n`,
  );
  return (
    `${index.definition};\n` +
    clusterStatement(index) +
    statistics.join("") +
    dependsOnExtensionStatements(`INDEX ${name}`, index.dependsOnExtensions) +
    replicaIdentityStatement(index)
  );
}

function tableName(index: IndexObject): string {
  return qualified(index.relation.schema, index.relation.name);
}

const knownNumbers = new Map<string, readonly number[]>();
/** Of a hundred thousand indexes most are on the first, second or third column. */
const mostKnownNumbers = 100;

/** @param text as the server prints an `int2vector`: `1 3` */
function columnNumbers(text: string): readonly number[] {
  const known = knownNumbers.get(text);
  if (known !== undefined) return known;
  const numbers = text.split(" ").map(Number);
  if (knownNumbers.size < mostKnownNumbers) knownNumbers.set(text, numbers);
  return numbers;
}

const noStatistics: IndexObject["statistics"] = [];

function indexOf({ shared }: CatalogReader, row: Row, relation: Relation): IndexObject {
  const oid = Number(row.oid);
  const targets = textArray(row.statisticstargets);
  const parent = Number(row.parent ?? 0);
  return {
    dumpId: unregistered,
    dependencies: new DumpIds(),
    kind: "index",
    catalog: { table: Catalog.pg_class, oid },
    name: row.relname!,
    schema: relation.schema,
    parts: partsWith(relation),
    isPartitionIndex: parent !== 0,
    relation,
    definition: row.definition ?? null,
    columns: columnNumbers(row.indkey!),
    keyColumns: Number(row.keycolumns),
    nullsNotDistinct: row.nullsnotdistinct === "t",
    isClustered: row.indisclustered === "t",
    isReplicaIdentity: row.indisreplident === "t",
    tablespace: row.spcname ?? "",
    options: textArray(row.reloptions),
    parent,
    statistics:
      targets.length === 0
        ? noStatistics
        : textArray(row.statisticscolumns).map((column, at) => ({ column, target: targets[at]! })),
    attaches: [],
    dependsOnExtensions: shared.extensionsOf(Catalog.pg_class, oid),
    constraint: undefined,
  };
}
