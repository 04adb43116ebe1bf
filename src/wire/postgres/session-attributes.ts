import type { PgConnection } from "./connection.ts";
import type { TargetSessionAttrs } from "./connection-spec.ts";

/** Whether a session is of the wanted kind. Servers from 14 on say it themselves; older ones are asked. */
export async function fitsSession(
  connection: PgConnection,
  wanted: Exclude<TargetSessionAttrs, "any" | "prefer-standby">,
): Promise<boolean> {
  switch (wanted) {
    case "read-write":
      return !(await isReadOnly(connection));
    case "read-only":
      return isReadOnly(connection);
    case "primary":
      return !(await isStandby(connection));
    case "standby":
      return isStandby(connection);
    default:
      return wanted satisfies never;
  }
}

async function isStandby(connection: PgConnection): Promise<boolean> {
  const reported = connection.parameter("in_hot_standby");
  if (reported !== undefined) return reported === "on";
  return (await connection.query("select pg_catalog.pg_is_in_recovery()")).rows[0]?.[0] === "t";
}

async function isReadOnly(connection: PgConnection): Promise<boolean> {
  const readOnlyByDefault = connection.parameter("default_transaction_read_only");
  if (readOnlyByDefault !== undefined) return readOnlyByDefault === "on" || (await isStandby(connection));
  return (await connection.query("show transaction_read_only")).rows[0]?.[0] === "on";
}
