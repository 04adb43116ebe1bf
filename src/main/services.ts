import type { Services } from "../ports/services.ts";
import { version } from "./version.ts";

/** Joins the adapters. Each is imported only when somebody asks for it. */
export function createServices(): Services {
  return {
    clock: { now: () => new Date(), monotonic: () => performance.now() },
    openSqlSession: async (server, database, signal) =>
      (await import("./open-sql-session.ts")).openSqlSession(server, database, signal),
    startThrowawayServer: async (signal) =>
      (await import("../embedded/embedded-postgres.ts")).startEmbeddedPostgres(signal),
    tool: { name: "dbbackup", version },
  };
}
