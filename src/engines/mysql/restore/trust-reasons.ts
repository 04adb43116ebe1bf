import type { StatementKind } from "../script/statement-head.ts";

/** Words that say what a statement does, wherever they stand: also inside of bodies, comments and strings. */
const tellingWords: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/\bINTO\s+(?:OUTFILE|DUMPFILE)\b/i, "writes files of the server"],
  [/\bLOAD_FILE\s*\(|\bLOAD\s+(?:DATA|XML|INDEX)\b/i, "reads files of the server"],
  [/\bINSTALL\s+(?:PLUGIN|SONAME|COMPONENT)\b|\bSONAME\b/i, "loads libraries into the server"],
  [
    /\b(?:SET\s+(?:GLOBAL|PERSIST(?:_ONLY)?)\b|@@(?:GLOBAL|PERSIST(?:_ONLY)?)\.\w+\s*:?=)/i,
    "changes settings of the server",
  ],
  [
    /\b(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)\b|\b(?:GRANT|REVOKE)\b|\bSET\s+PASSWORD\b/i,
    "changes users or their rights",
  ],
  [/\bmysql\s*`?\s*\.|`mysql`/i, "names the server's own tables"],
  [
    /\b(?:CREATE|ALTER)\s+SERVER\b|\bENGINE\s*=?\s*['"`]?(?:FEDERATED\w*|CONNECT|SPIDER|S3)\b/i,
    "lets tables reach other servers or files",
  ],
  [/\b(?:DATA|INDEX)\s+DIRECTORY\b/i, "places tables in folders of the server"],
  [/\bDEFINER\s*=/i, "runs with its definer's rights, whoever calls it"],
  [/\bCREATE\b.{0,300}?\bEVENT\b/is, "runs code at times of its own"],
  [
    /\b(?:CHANGE\s+(?:MASTER|REPLICATION)|START\s+(?:SLAVE|REPLICA)|RESET\s+(?:MASTER|BINARY))\b/i,
    "changes replication",
  ],
  [/\b(?:PREPARE|EXECUTE)\b/i, "runs text that is put together"],
  [/\b(?:SHUTDOWN|KILL)\b/i, "stops the server or its sessions"],
];

/**
 * Why a statement runs foreign code or reaches outside the database; empty when it does not. It looks at words: better one
 * reason too many.
 * @param sql as a binary string
 */
export function trustReasons(sql: string, { kind }: StatementKind): string[] {
  const reasons = tellingWords.filter(([pattern]) => pattern.test(sql)).map(([, reason]) => reason);
  return kind === "drop database" ? ["drops a database", ...reasons] : reasons;
}
