import type { Capabilities } from "../capabilities.ts";
import { askCatalog, type RunQuery } from "../objects/catalog-queries.ts";
import type { Row } from "../objects/catalog-reader.ts";
import { groupBy } from "../objects/group-by.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import type {
  Globals,
  Membership,
  ParameterPrivileges,
  Role,
  RoleSetting,
  SharedLabel,
  Tablespace,
} from "./globals.ts";

/** The superuser that initdb made: needs nobody's leave to grant a role, and stands for the owner of parameters. */
const bootstrapRole = 10;

/** Reads everything that belongs to the server as a whole. One transaction's state when the queries run in one. */
export async function readGlobals(
  run: RunQuery,
  capabilities: Capabilities,
  options: { readonly passwords: boolean },
): Promise<Globals> {
  const answers = await askCatalog(run, {
    roles: rolesQuery(options.passwords),
    settings:
      "SELECT r.rolname, pg_catalog.unnest(s.setconfig) AS setting FROM pg_catalog.pg_db_role_setting s " +
      "LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole WHERE s.setdatabase = 0 " +
      "AND (s.setrole = 0 OR r.rolname !~ '^pg_') ORDER BY r.rolname NULLS FIRST",
    memberships: membershipsQuery(capabilities),
    parameters: capabilities.parameterPrivileges
      ? `SELECT parname, pg_catalog.pg_get_userbyid(${bootstrapRole}) AS owner, paracl AS acl, ` +
        `pg_catalog.acldefault('p', ${bootstrapRole}) AS acldefault FROM pg_catalog.pg_parameter_acl ORDER BY parname COLLATE "C"`
      : undefined,
    tablespaces:
      "SELECT oid, spcname, pg_catalog.pg_get_userbyid(spcowner) AS owner, " +
      "pg_catalog.pg_tablespace_location(oid) AS location, spcoptions, " +
      "COALESCE(spcacl, pg_catalog.acldefault('t', spcowner)) AS acl, pg_catalog.acldefault('t', spcowner) AS acldefault, " +
      "pg_catalog.shobj_description(oid, 'pg_tablespace') AS comment " +
      "FROM pg_catalog.pg_tablespace WHERE spcname !~ '^pg_' ORDER BY oid",
    labels:
      "SELECT classoid::pg_catalog.regclass AS catalog, objoid, provider, label FROM pg_catalog.pg_shseclabel ORDER BY provider",
  });
  const labels = groupBy(answers.labels, (row) => labelKey(row.catalog!, row.objoid!));
  const labelsOf = (catalog: string, oid: string): SharedLabel[] =>
    // With an empty search path system catalogues are printed with their schema.
    (labels.get(labelKey(`pg_catalog.${catalog}`, oid)) ?? labels.get(labelKey(catalog, oid)) ?? []).map(
      ({ provider, label }) => ({ provider: provider!, label: label! }),
    );
  return {
    roles: answers.roles.map((row) => roleOf(row, labelsOf("pg_authid", row.oid!))),
    settings: answers.settings.flatMap(settingOf),
    memberships: answers.memberships.map((row) => membershipOf(row, capabilities)),
    parameters: answers.parameters.map(parameterOf),
    tablespaces: answers.tablespaces.map((row) => tablespaceOf(row, labelsOf("pg_tablespace", row.oid!))),
  };
}

/** Only superusers and whom they let may read hashes; everybody may read the rest. */
function rolesQuery(passwords: boolean): string {
  return (
    "SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, " +
    `rolconnlimit, ${passwords ? "rolpassword" : "NULL"} AS password, rolvaliduntil, ` +
    "pg_catalog.shobj_description(oid, 'pg_authid') AS comment " +
    `FROM pg_catalog.${passwords ? "pg_authid" : "pg_roles"} WHERE rolname !~ '^pg_' ORDER BY rolname`
  );
}

/** Memberships of system roles in each other come with the server. */
function membershipsQuery({ membershipOptions }: Capabilities): string {
  return (
    "SELECT r.rolname AS role, m.rolname AS member, a.admin_option" +
    (membershipOptions
      ? `, g.rolname AS grantor, a.grantor = ${bootstrapRole} AS by_bootstrap, a.inherit_option, a.set_option`
      : "") +
    " FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles r ON r.oid = a.roleid " +
    "JOIN pg_catalog.pg_roles m ON m.oid = a.member LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantor " +
    "WHERE NOT (r.rolname ~ '^pg_' AND m.rolname ~ '^pg_') ORDER BY r.rolname, m.rolname, g.rolname"
  );
}

function labelKey(catalog: string, oid: string): string {
  return `${catalog} ${oid}`;
}

function roleOf(row: Row, labels: readonly SharedLabel[]): Role {
  return {
    name: row.rolname!,
    isSuperuser: row.rolsuper === "t",
    inherits: row.rolinherit === "t",
    createsRoles: row.rolcreaterole === "t",
    createsDatabases: row.rolcreatedb === "t",
    canLogIn: row.rolcanlogin === "t",
    replicates: row.rolreplication === "t",
    bypassesRowSecurity: row.rolbypassrls === "t",
    connectionLimit: row.rolconnlimit!,
    password: row.password!,
    validUntil: row.rolvaliduntil!,
    comment: row.comment!,
    labels,
  };
}

function settingOf({ rolname, setting }: Row): RoleSetting[] {
  const split = setting!.indexOf("=");
  return split < 0 ? [] : [{ role: rolname!, name: setting!.slice(0, split), value: setting!.slice(split + 1) }];
}

function membershipOf(row: Row, { membershipOptions }: Capabilities): Membership {
  const plain = { role: row.role!, member: row.member!, hasAdminOption: row.admin_option === "t" };
  if (!membershipOptions) return plain;
  return {
    ...plain,
    since16: {
      grantor: row.grantor ?? "",
      grantorIsBootstrap: row.by_bootstrap === "t",
      inherits: row.inherit_option === "t",
      maySet: row.set_option === "t",
    },
  };
}

function parameterOf(row: Row): ParameterPrivileges {
  return {
    name: row.parname!,
    owner: row.owner!,
    privileges: parseTextArray(row.acl!),
    defaultPrivileges: parseTextArray(row.acldefault!),
  };
}

function tablespaceOf(row: Row, labels: readonly SharedLabel[]): Tablespace {
  return {
    name: row.spcname!,
    owner: row.owner!,
    location: row.location!,
    options: row.spcoptions === null || row.spcoptions === undefined ? [] : parseTextArray(row.spcoptions),
    privileges: parseTextArray(row.acl!),
    defaultPrivileges: parseTextArray(row.acldefault!),
    comment: row.comment!,
    labels,
  };
}
