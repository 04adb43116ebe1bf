import { quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type CatalogReader, firstNormalOid } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { privilegeEntries } from "./privilege-entries.ts";

interface LanguageObject extends DumpObject {
  readonly kind: "language";
  readonly owner: string;
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
}

/**
 * Procedural languages that every database has, or that came with an extension: only who may use them is dumped.
 * Languages that somebody created alone are not supported, and named as such.
 */
export const languageType: ObjectType<LanguageObject> = {
  label: "language",

  async read(reader: CatalogReader): Promise<LanguageObject[]> {
    const rows = await reader.rows(
      "SELECT oid, lanname, lanowner, lanacl, pg_catalog.acldefault('l', lanowner) AS acldefault " +
        "FROM pg_catalog.pg_language WHERE lanispl ORDER BY oid",
    );
    return rows
      .filter((row) => isInstalled(reader, Number(row.oid)))
      .map((row) =>
        reader.registry.add<LanguageObject>({
          kind: "language",
          catalog: { table: Catalog.pg_language, oid: Number(row.oid) },
          name: row.lanname!,
          schema: null,
          owner: reader.shared.roleName(Number(row.lanowner)),
          privileges: row.lanacl ?? null,
          defaultPrivileges: row.acldefault!,
          parts: { definition: false, privileges: true },
        }),
      );
  },

  entries(language: LanguageObject, context: EntryContext): PlannedEntry[] {
    return privilegeEntries(language, context, {
      kind: "LANGUAGE",
      name: quoteIdentifier(language.name),
      owner: language.owner,
      current: language.privileges,
      default: language.defaultPrivileges,
    });
  },
};

function isInstalled(reader: CatalogReader, oid: number): boolean {
  return oid < firstNormalOid || reader.shared.extensionOf(Catalog.pg_language, oid) !== undefined;
}
