import type { StartThrowawayServer } from "../ports/throwaway-server.ts";
import { findPrograms } from "./postgres-package.ts";
import { startSupervised } from "./start-supervised.ts";

/** Starts the PostgreSQL server of the npm package, or of one that is fetched. */
export const startEmbeddedPostgres: StartThrowawayServer = async (signal, options = {}) => {
  const { major, folder: programs } = await findPrograms(options, signal);
  return await startSupervised({ kind: "postgres", programs, major }, signal, options);
};
