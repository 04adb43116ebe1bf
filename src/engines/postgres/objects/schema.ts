import { bareEntry } from "../archive/bare-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import { formatAclItem, parseAclItem } from "../sql/acl-item.ts";
import { formatTextArray, parseTextArray } from "../sql/pg-array.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type CatalogReader } from "./catalog-reader.ts";
import { commentEntry } from "./comment-entry.ts";
import { descriptionEntries } from "./description-entries.ts";
import type { DumpObject, DumpParts } from "./dump-object.ts";
import { partsOfMember } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { privilegeEntries } from "./privilege-entries.ts";
import { securityLabelEntries } from "./security-label-entry.ts";

interface SchemaObject extends DumpObject {
  readonly kind: "schema";
  readonly owner: string;
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
  /** Schema public, in a backup of everything: every new database has it. */
  readonly isThere: boolean;
}

/** The comment that initdb gives schema public. */
const standardPublicComment = "standard public schema";

/** The role that owns schema public in new databases. */
const databaseOwnerRole = "pg_database_owner";

/**
 * Schemas. `public` exists in every new database: it is only described where it differs from how the newest servers make
 * it. Of pg_catalog only changed privileges are kept.
 */
export const schemaType: ObjectType<SchemaObject> = {
  label: "schema",

  queries: () => ({
    rows:
      "SELECT oid, nspname, nspowner, nspacl, pg_catalog.acldefault('n', nspowner) AS acldefault " +
      "FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)' ORDER BY oid",
  }),

  read(reader, { rows }): SchemaObject[] {
    return rows.map((row) => {
      const oid = Number(row.oid);
      const owner = reader.shared.roleName(Number(row.nspowner));
      return reader.registry.add<SchemaObject>({
        kind: "schema",
        catalog: { table: Catalog.pg_namespace, oid },
        name: row.nspname!,
        schema: null,
        owner,
        privileges: row.nspacl ?? null,
        defaultPrivileges: row.acldefault!,
        isThere: row.nspname === "public" && !reader.selection.isNamedSchema("public"),
        parts: partsOf(reader, row.nspname!, oid),
      });
    });
  },

  entries(schema: SchemaObject, context: EntryContext): PlannedEntry[] {
    return [
      ...(schema.parts.definition ? definitionEntries(schema, context) : []),
      ...privilegeEntries(schema, context, {
        kind: "SCHEMA",
        name: quoteIdentifier(schema.name),
        owner: schema.owner,
        current: schema.privileges,
        default: schema.defaultPrivileges,
        ...(schema.name === "public" ? { initial: publicPrivileges(schema, context.capabilities) } : {}),
      }),
    ];
  },
};

function partsOf(reader: CatalogReader, name: string, oid: number): DumpParts {
  return partsOfMember(reader, Catalog.pg_namespace, oid) ?? reader.selection.contentsOf(name);
}

function definitionEntries(schema: SchemaObject, context: EntryContext): PlannedEntry[] {
  const quoted = quoteIdentifier(schema.name);
  const isPublic = schema.isThere;
  const own: PlannedEntry = bareEntry({
    dumpId: schema.dumpId,
    catalog: schema.catalog,
    tag: schema.name,
    desc: "SCHEMA",
    section: "pre-data",
    // The restored database has a schema public already; what remains of the entry is ALTER ... OWNER.
    definition: isPublic ? "-- *not* creating schema, since initdb creates it\n" : `CREATE SCHEMA ${quoted};\n`,
    drop: isPublic ? "-- *not* dropping schema, since initdb creates it\n" : `DROP SCHEMA ${quoted};\n`,
    owner: schema.owner,
  });
  const subject = `SCHEMA ${quoted}`;
  const comment = { subject, tag: subject, owner: schema.owner };
  if (!isPublic) return [own, ...descriptionEntries(schema, context, comment)];

  const entries = schema.owner === databaseOwnerRole ? [] : [own];
  const text = context.commentOn(schema.catalog) ?? "";
  if (text !== standardPublicComment) entries.push(commentEntry(schema, context, { ...comment, text }));
  return [...entries, ...securityLabelEntries(schema, context, { ...comment, subjectOf: () => subject })];
}

/**
 * What schema public is taken to grant in the database that a dump is restored into. Since 15 everybody may use it;
 * before, everybody could create in it too. Where that was taken away on an older server, it must be said, or it would
 * come back when the dump is restored there: stock pg_dump leaves it out.
 */
function publicPrivileges(schema: SchemaObject, capabilities: Capabilities): string {
  const { owner } = schema;
  const everybody = parseTextArray(schema.privileges ?? schema.defaultPrivileges).map(parseAclItem);
  const mayCreate = everybody.some(
    (item) => item.grantee === "" && item.privileges.some((privilege) => privilege.letter === "C"),
  );
  const letters = capabilities.publicOwnedByDatabaseOwner || mayCreate ? "U" : "UC";
  return formatTextArray([formatAclItem(owner, "UC", owner), formatAclItem("", letters, owner)]);
}
