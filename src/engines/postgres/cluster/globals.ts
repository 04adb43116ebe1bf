/** A role. Names and texts are binary strings. */
export interface Role {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly inherits: boolean;
  readonly createsRoles: boolean;
  readonly createsDatabases: boolean;
  readonly canLogIn: boolean;
  readonly replicates: boolean;
  readonly bypassesRowSecurity: boolean;
  /** -1: no limit. */
  readonly connectionLimit: string;
  /** A hash; null when there is none, and when it was not read. */
  readonly password: string | null;
  readonly validUntil: string | null;
  readonly comment: string | null;
  readonly labels: readonly SharedLabel[];
}

/** A security label of a role or tablespace. */
export interface SharedLabel {
  readonly provider: string;
  readonly label: string;
}

/** Of a role in every database; of everybody when the role is null. */
export interface RoleSetting {
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

/** That a role is a member of another. */
export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly hasAdminOption: boolean;
  /** From 16 on, where several grantors can make somebody a member, each with options of its own. */
  readonly since16?: {
    readonly grantor: string;
    readonly grantorIsBootstrap: boolean;
    readonly inherits: boolean;
    readonly maySet: boolean;
  };
}

/** Privileges on a configuration parameter, by somebody who is no superuser. */
export interface ParameterPrivileges {
  readonly name: string;
  readonly owner: string;
  /** Elements of `aclitem[]`. */
  readonly privileges: readonly string[];
  readonly defaultPrivileges: readonly string[];
}

export interface Tablespace {
  readonly name: string;
  readonly owner: string;
  readonly location: string;
  /** `name=value` */
  readonly options: readonly string[];
  readonly privileges: readonly string[];
  readonly defaultPrivileges: readonly string[];
  readonly comment: string | null;
  readonly labels: readonly SharedLabel[];
}

/** What belongs to a server as a whole, and to no database. */
export interface Globals {
  readonly roles: readonly Role[];
  readonly settings: readonly RoleSetting[];
  readonly memberships: readonly Membership[];
  readonly parameters: readonly ParameterPrivileges[];
  readonly tablespaces: readonly Tablespace[];
}
