/** What to do about errors that servers of both flavours answer, by their numbers. */
const hints: Readonly<Record<number, string>> = {
  1021: "the disk of the server is full: free space there",
  1040: "close sessions that nobody needs (SHOW PROCESSLIST), or raise max_connections on the server",
  1044: "GRANT the account the privileges that are needed on this database; SHOW GRANTS shows what it has",
  1045:
    "check user and password, and that there is an account for the host that the message names: an account of another host " +
    "is another account",
  1049: "check the spelling, also capitals: SHOW DATABASES lists those that this account may see",
  1114: "the server has no room for the table: free space, or raise the limit of its tablespace",
  1129: "the server counts too many broken connections from this host: run FLUSH HOSTS there",
  1130: "create an account for the host that the message names: CREATE USER name@host",
  1142: "GRANT the privilege that the message names on this table",
  1143: "GRANT the privilege that the message names on this column, or on the whole table",
  1146: "the table is not there, or not any more: if somebody dropped it meanwhile, begin anew while nobody changes definitions",
  1153: "raise max_allowed_packet on the server, and connect anew",
  1203: "close sessions of this user, or raise max_user_connections",
  1205: "another session holds what is needed: SHOW PROCESSLIST shows who; try again later",
  1226: "the account has used up what it may have; ALTER USER sets its limits",
  1227: "GRANT the privilege that the message names (ON *.*), or use an account that has it",
  1273: "the server does not know this collation: it is one of a newer server, or of the other flavour",
  1286: "the server does not have this storage engine: install it, or change the definition",
  1290: "the server runs with the option that the message names, which forbids this: name the primary if it is read-only, or take the option away",
  1356: "what the view reads is gone, or its definer may not read it: repair or drop the view",
  1370: "GRANT EXECUTE on this routine",
  1412: "somebody changed the table since the snapshot was taken: begin anew, while nobody changes definitions",
  1419: "SET GLOBAL log_bin_trust_function_creators = 1, or use an account with SUPER",
  1449: "create the account that the message names, or rewrite the definer",
  1524: "the server has not loaded the plugin that the account logs in with",
  1698: "this account is known by the operating system's user: run as that user and connect over the Unix socket",
  1820: "give the account a new password: ALTER USER",
  1836: "the server is read-only: name the primary, or SET GLOBAL read_only = 0",
  1862: "the password of the account has expired: ALTER USER gives it a new one",
  3118: "the account is locked: ALTER USER ... ACCOUNT UNLOCK",
  3159: "the server takes no connections without TLS: use --ssl-mode require",
  3750: "SET sql_require_primary_key = 0 on the server, or give the table a primary key",
  3989: "somebody set the database read-only: ALTER DATABASE name READ ONLY = 0",
  4151: "the account is locked: ALTER USER ... ACCOUNT UNLOCK",
};

/** @param number 1045, 1227, ... */
export function errorHint(number: number): string | undefined {
  return hints[number];
}
