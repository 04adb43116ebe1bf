import { parseTextArray } from "../sql/pg-array.ts";
import { type PrivilegeKind, privilegeStatements } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import type { CatalogReader } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";

/** Privileges that new objects of a role get, everywhere or in one schema. */
interface DefaultPrivileges extends DumpObject {
  readonly kind: "default-privileges";
  readonly role: string;
  readonly objects: PrivilegeKind;
  readonly current: string;
  readonly default: string;
}

const objectWords: Readonly<Record<string, PrivilegeKind>> = {
  r: "TABLES",
  S: "SEQUENCES",
  f: "FUNCTIONS",
  T: "TYPES",
  n: "SCHEMAS",
  L: "LARGE OBJECTS",
};

/** Those of a schema belong to it. */
function isDumped({ selection }: CatalogReader, schema: string | null): boolean {
  return schema === null ? selection.isEverything : selection.contentsOf(schema).definition;
}

export const defaultPrivilegesType: ObjectType<DefaultPrivileges> = {
  label: "default privileges",

  queries() {
    // Those of a schema come on top of the global ones: they start from nothing.
    return {
      rows:
        "SELECT d.tableoid AS classid, d.oid, d.defaclrole, d.defaclobjtype, n.nspname, d.defaclacl, " +
        "CASE WHEN d.defaclnamespace = 0 THEN pg_catalog.acldefault(CASE WHEN d.defaclobjtype = 'S' " +
        "THEN 's'::\"char\" ELSE d.defaclobjtype END, d.defaclrole)::pg_catalog.text ELSE '{}' END AS acldefault " +
        "FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace " +
        "ORDER BY d.oid",
    };
  },

  read(reader, { rows }): DefaultPrivileges[] {
    return rows.map((row) => {
      const role = reader.shared.roleName(Number(row.defaclrole));
      return reader.registry.add<DefaultPrivileges>({
        kind: "default-privileges",
        catalog: { table: Number(row.classid), oid: Number(row.oid) },
        name: row.defaclobjtype!,
        schema: row.nspname ?? null,
        parts: { definition: isDumped(reader, row.nspname!), privileges: false },
        tieBreak: [role],
        role,
        objects: objectWords[row.defaclobjtype!]!,
        current: row.defaclacl!,
        default: row.acldefault!,
      });
    });
  },

  entries(object: DefaultPrivileges): PlannedEntry[] {
    const schema = object.schema === null ? "" : `IN SCHEMA ${quoteIdentifier(object.schema)} `;
    const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(object.role)} ${schema}`;
    const target = { kind: object.objects, subject: object.objects, owner: object.role, prefix };
    return [
      objectEntry(object, {
        desc: "DEFAULT ACL",
        section: "post-data",
        owner: object.role,
        tag: `DEFAULT PRIVILEGES FOR ${object.objects}`,
        definition: privilegeStatements(target, parseTextArray(object.default), parseTextArray(object.current)),
      }),
    ];
  },
};
