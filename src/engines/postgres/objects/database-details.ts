import { bareEntry } from "../archive/bare-entry.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import { privilegeStatements } from "../sql/privilege-statements.ts";
import { quoteConformingLiteral, quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import { settingLiterals } from "../sql/setting-list.ts";
import type { RunQuery } from "./catalog-queries.ts";
import { Catalog } from "./catalog-reader.ts";
import type { PlannedEntry } from "./object-type.ts";
import { type SecurityLabel, securityLabelStatement } from "./security-label-entry.ts";

/** What was said about a database after it was created. Restored with the database only (`--create`). */
export interface DatabaseDetails {
  readonly comment: string | null;
  readonly securityLabels: readonly Omit<SecurityLabel, "subId">[];
  /** Elements of the `aclitem[]`. */
  readonly privileges: readonly string[];
  readonly defaultPrivileges: readonly string[];
  readonly connectionLimit: number | undefined;
  readonly isTemplate: boolean;
  /** In the order of the roles' OIDs, those for everybody (role null) first. */
  readonly settings: readonly { readonly role: string | null; readonly name: string; readonly value: string }[];
}

/** Reads the details of the current database. */
export async function readDatabaseDetails(run: RunQuery): Promise<DatabaseDetails> {
  const askedRow = run(
    "SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment, datconnlimit, datistemplate, " +
      "COALESCE(datacl, pg_catalog.acldefault('d', datdba)) AS acl, pg_catalog.acldefault('d', datdba) AS acldefault " +
      "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
  );
  const askedSettings = run(
    "SELECT r.rolname, pg_catalog.unnest(s.setconfig) AS setting FROM pg_catalog.pg_db_role_setting s " +
      "JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole " +
      "WHERE d.datname = pg_catalog.current_database() AND (s.setrole = 0 OR r.oid IS NOT NULL) ORDER BY s.setrole",
  );
  const askedLabels = run(
    "SELECT l.provider, l.label FROM pg_catalog.pg_shseclabel l JOIN pg_catalog.pg_database d ON d.oid = l.objoid " +
      `WHERE l.classoid = ${Catalog.pg_database} AND d.datname = pg_catalog.current_database() ORDER BY l.provider`,
  );
  const [[row], settings, labels] = await Promise.all([askedRow, askedSettings, askedLabels]);
  const limit = Number(row!.datconnlimit);
  return {
    comment: row!.comment!,
    securityLabels: labels.map(({ provider, label }) => ({ provider: provider!, label: label! })),
    privileges: parseTextArray(row!.acl!),
    defaultPrivileges: parseTextArray(row!.acldefault!),
    connectionLimit: limit >= 0 ? limit : undefined,
    isTemplate: row!.datistemplate === "t",
    settings: settings.flatMap(({ rolname, setting }) => {
      const split = setting!.indexOf("=");
      return split < 0 ? [] : [{ role: rolname!, name: setting!.slice(0, split), value: setting!.slice(split + 1) }];
    }),
  };
}

/** The entries that follow the DATABASE entry: comment, security labels, privileges, properties. */
export function databaseDetailEntries(
  database: { readonly dumpId: number; readonly name: string; readonly owner: string },
  details: DatabaseDetails,
  nextDumpId: () => number,
): PlannedEntry[] {
  const quoted = quoteIdentifier(database.name);
  const subject = `DATABASE ${quoted}`;
  const about = { owner: database.owner, dependencies: [database.dumpId], dumpId: nextDumpId };
  const entries: PlannedEntry[] = [];
  if (details.comment !== null) {
    const definition = `COMMENT ON ${subject} IS ${quoteConformingLiteral(details.comment)};\n`;
    entries.push(entryOf("COMMENT", "none", { ...about, tag: subject, definition }));
  }
  const labels = details.securityLabels.map((label) => securityLabelStatement(subject, label)).join("");
  if (labels !== "") entries.push(entryOf("SECURITY LABEL", "none", { ...about, tag: subject, definition: labels }));
  const grants = privilegeStatements(
    { kind: "DATABASE", subject, owner: database.owner },
    details.defaultPrivileges,
    details.privileges,
  );
  if (grants !== "") entries.push(entryOf("ACL", "none", { ...about, tag: subject, definition: grants }));
  const definition = propertyStatements(quoted, details);
  if (definition !== "") {
    // A template cannot be dropped; a restore with --clean drops what this entry stands for first.
    const drop = details.isTemplate
      ? `UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = ${quoteConformingLiteral(database.name)};\n`
      : "";
    entries.push({ ...entryOf("DATABASE PROPERTIES", "pre-data", { ...about, tag: database.name, definition }), drop });
  }
  return entries;
}

function propertyStatements(quoted: string, details: DatabaseDetails): string {
  let sql = "";
  if (details.connectionLimit !== undefined) {
    sql += `ALTER DATABASE ${quoted} CONNECTION LIMIT = ${details.connectionLimit};\n`;
  }
  if (details.isTemplate) sql += `ALTER DATABASE ${quoted} IS_TEMPLATE = true;\n`;
  for (const { role, name, value } of details.settings) {
    const target = `DATABASE ${quoted}`;
    const subject = role === null ? target : `ROLE ${quoteIdentifier(role)} IN ${target}`;
    sql += `ALTER ${subject} SET ${quoteIdentifier(name)} TO ${settingLiterals(name, value, quoteLiteral)};\n`;
  }
  return sql;
}

function entryOf(
  desc: string,
  section: PlannedEntry["section"],
  what: {
    readonly tag: string;
    readonly definition: string;
    readonly owner: string;
    readonly dependencies: readonly number[];
    readonly dumpId: () => number;
  },
): PlannedEntry {
  return bareEntry({ ...what, dumpId: what.dumpId(), desc, section });
}
