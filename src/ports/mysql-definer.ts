/** Whose rights views and stored code of MySQL and MariaDB work with. */
export type MysqlDefiner =
  /** Of whoever defined them. */
  | "keep"
  /** Of whoever loads them: the statements name nobody. */
  | "loader"
  /** Of this account; without a host, what the server takes a bare name for: a role, or the user from any host. */
  | { readonly user: string; readonly host?: string };
