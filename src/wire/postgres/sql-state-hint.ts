/** What a person can do about errors that servers send without a hint, by SQLSTATE (manual, "PostgreSQL Error Codes"). */
const hints: Readonly<Record<string, string>> = {
  "28000": "look at pg_hba.conf: it decides who may log in from where",
  "28P01": "check the password: PGPASSWORD, ~/.pgpass or --password-file",
  "3D000": "check the database's name: letter case counts",
  "42501": 'GRANT what is missing, or use a role that has it; "dbbackup preflight" lists what a backup needs',
  "53100": "the server's disk is full: free space there, then run again",
  "53200": "the server has no memory left: lower its load, then run again",
  "53300": "close sessions that nobody needs, or raise max_connections",
  "55P03": "somebody holds a lock: run again when they have finished, or with a longer lock_timeout",
  "57014": "somebody cancelled it, or statement_timeout is too short",
  "57P01": "somebody stopped the server or ended this session: run again when it is up",
  "57P02": "a process of the server crashed: read its log, then run again",
  "57P03": "the server is starting or stopping: run again in a moment",
  "57P05": "raise idle_session_timeout for this role",
};

/** On a standby, replay has precedence over queries once they have kept it waiting for long enough. */
const recoveryConflictHint =
  "the standby's replay had to go on: set hot_standby_feedback = on, raise max_standby_streaming_delay, or use the primary";

/** A hint for an error that came without one. */
export function sqlStateHint(sqlState: string, message: string): string | undefined {
  if (message.includes("conflict with recovery")) return recoveryConflictHint;
  return Object.hasOwn(hints, sqlState) ? hints[sqlState] : undefined;
}
