/** How the sessions of a dump read. Named as pg_dump's options. */
export interface DumpSessionOptions {
  /** Become this role after logging in. */
  readonly role?: string;
  /** Of all text in the dump; default: the database's. */
  readonly encoding?: string;
  /** -15 to 3. */
  readonly extraFloatDigits?: number;
  /** Quote identifiers that need it as well as those that do not. */
  readonly quoteAllIdentifiers?: boolean;
  /** Policies decide which rows are seen, instead of failing. */
  readonly enableRowSecurity?: boolean;
  /** A snapshot that somebody else exported and holds. */
  readonly snapshot?: string;
  /** How long tables are waited for, as `SET statement_timeout` takes it. */
  readonly lockWaitTimeout?: string;
  /** Wait for a moment that no serializable transaction can be in doubt about. */
  readonly serializableDeferrable?: boolean;
}
