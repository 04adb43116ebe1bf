/**
 * One part of the sample database: SQL for a server of a given version.
 * `since(major, sql, otherwise)` is `sql` on servers of that major version and newer, else `otherwise` (default: nothing).
 */
export type ShopPart = (since: (major: number, sql: string, otherwise?: string) => string) => string;
