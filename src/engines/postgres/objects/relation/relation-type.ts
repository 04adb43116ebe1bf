import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import type { EntryContext } from "../entry-context.ts";
import { dependsOnExtensionStatements } from "../extension-dependency.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { privilegeEntries } from "../privilege-entries.ts";
import { readSequenceSettings, sequenceQuery } from "./read-definitions.ts";
import { inheritanceQuery, readInheritance } from "./read-inheritance.ts";
import { readRelations, relationQuery } from "./read-relations.ts";
import { type Relation, tableWord } from "./relation.ts";
import { inlineConstraintComments, relationComments } from "./relation-comments.ts";
import { sequenceEntries } from "./sequence-entries.ts";
import { settingsStatements } from "./table-settings.ts";
import { createTable } from "./table-statement.ts";
import { createMaterializedView, createView } from "./view-statement.ts";

type RelationQuery = "relations" | "inheritance" | "sequences";

/** Tables, views, materialized views and sequences: everything that has a row in pg_class and a name of its own. */
export const relationType: ObjectType<Relation, RelationQuery> = {
  label: "relation",

  queries: (capabilities) => ({
    relations: relationQuery(capabilities),
    inheritance: inheritanceQuery,
    sequences: sequenceQuery,
  }),

  read(reader, answers): Relation[] {
    const relations = readRelations(reader, answers.relations);
    readInheritance(reader.registry, answers.inheritance);
    readSequenceSettings(reader.registry, answers.sequences);
    return relations;
  },

  entries(relation: Relation, context: EntryContext): PlannedEntry[] {
    const entries = relation.parts.definition ? definitionEntries(relation, context) : [];
    entries.push(...privileges(relation, context));
    return entries;
  },
};

function definitionEntries(relation: Relation, context: EntryContext): PlannedEntry[] {
  switch (relation.relkind) {
    case "S":
      return sequenceEntries(relation, context);
    case "v":
      return viewEntries(relation, context);
    case "m":
      return materializedViewEntries(relation, context);
    default:
      return tableEntries(relation, context);
  }
}

function tableEntries(table: Relation, context: EntryContext): PlannedEntry[] {
  const word = tableWord(table);
  return [
    objectEntry(table, {
      desc: word,
      section: "pre-data",
      definition: createTable(table) + settingsStatements(table),
      drop: `DROP ${word} ${qualified(table.schema, table.name)};\n`,
      // A foreign table is nowhere here.
      tablespace: table.foreign === null ? table.tablespace : null,
      tableAccessMethod: table.accessMethod,
      relkind: table.relkind,
      owner: table.owner,
    }),
    ...relationComments(table, word, context),
    ...inlineConstraintComments(table, context),
  ];
}

function viewEntries(view: Relation, context: EntryContext): PlannedEntry[] {
  return [
    objectEntry(view, {
      desc: "VIEW",
      section: "pre-data",
      definition: createView(view),
      drop: `DROP VIEW ${qualified(view.schema, view.name)};\n`,
      relkind: view.relkind,
      owner: view.owner,
    }),
    ...relationComments(view, "VIEW", context),
  ];
}

function materializedViewEntries(view: Relation, context: EntryContext): PlannedEntry[] {
  const subject = `MATERIALIZED VIEW ${qualified(view.schema, view.name)}`;
  const definition =
    createMaterializedView(view) +
    dependsOnExtensionStatements(subject, view.dependsOnExtensions) +
    settingsStatements(view);
  return [
    objectEntry(view, {
      desc: "MATERIALIZED VIEW",
      section: "pre-data",
      definition,
      drop: `DROP ${subject};\n`,
      tablespace: view.tablespace,
      tableAccessMethod: view.accessMethod,
      relkind: view.relkind,
      owner: view.owner,
    }),
    ...relationComments(view, "MATERIALIZED VIEW", context),
  ];
}

function privileges(relation: Relation, context: EntryContext): PlannedEntry[] {
  if (!relation.parts.privileges) return [];
  return privilegeEntries(relation, context, {
    kind: relation.relkind === "S" ? "SEQUENCE" : "TABLE",
    name: quoteIdentifier(relation.name),
    owner: relation.owner,
    current: relation.privileges,
    default: relation.defaultPrivileges,
    columns: relation.columnPrivileges,
  });
}
