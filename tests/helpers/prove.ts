import { findBackup } from "../../src/commands/find-backup.ts";
import { type ProvenBackup, proveBackup } from "../../src/commands/proof/prove-backup.ts";
import { createServices } from "../../src/main/services.ts";
import type { RestoreEngine } from "../../src/ports/restore.ts";
import { type ServerAddress, serverSql } from "./postgres-server.ts";
import { databaseUrl } from "./test-database.ts";

const services = createServices();
const never = new AbortController().signal;

/** Names of our scratch databases on a server. */
export async function scratchDatabases(server: ServerAddress): Promise<string[]> {
  const rows = await serverSql(
    server,
    "SELECT datname FROM pg_database WHERE datname ~ '^dbbackup_verify_[0-9a-f]{16}$'",
  );
  return rows.map(({ datname }) => datname!);
}

export interface ProveOptions {
  readonly checks?: readonly string[];
  /** Runs in the restored database before it is looked at, as a restore that does not tell the truth. */
  readonly interfere?: string;
  /** Who logs in. */
  readonly user?: string;
  readonly signal?: AbortSignal;
}

/** Proves a backup of PostgreSQL on a server, in this process. */
export async function prove(
  server: ServerAddress,
  path: string,
  { checks, interfere, user, signal }: ProveOptions = {},
): Promise<ProvenBackup> {
  return await proveOn(databaseUrl(server, "postgres", user), path, {
    ...(checks === undefined ? {} : { checks }),
    ...(signal === undefined ? {} : { signal }),
    ...(interfere === undefined ? {} : { interfere: (target) => serverSql(server, interfere, target) }),
  });
}

/** Proves a backup on the server of a URL, in this process. @param options.interfere runs when the database is restored */
export async function proveOn(
  url: string,
  path: string,
  {
    checks = [],
    interfere,
    signal = never,
  }: Pick<ProveOptions, "checks" | "signal"> & { readonly interfere?: (target: string) => Promise<unknown> } = {},
): Promise<ProvenBackup> {
  const found = await findBackup(
    path,
    { locateFile: services.locateFile, openRepository: () => Promise.reject() },
    never,
  );
  const engine = await services.openRestorer();
  const ports = {
    engine: interfere === undefined ? engine : interfering(engine, interfere),
    openProver: services.openProver,
    checker: await services.openChecker(),
    startThrowawayServer: () => Promise.reject(new Error("not asked for")),
    clock: services.clock,
    progress: { emit: () => {} },
  };
  const request = { server: { url }, checks, jobs: 2, allowedExtensions: [] };
  return await proveBackup(found, request, ports, signal);
}

function interfering(engine: RestoreEngine, interfere: (target: string) => Promise<unknown>): RestoreEngine {
  return {
    async open(...args) {
      const backup = await engine.open(...args);
      return {
        summary: backup.summary,
        contents: () => backup.contents(),
        plan: (request) => backup.plan(request),
        preCheck: (request, signal) => backup.preCheck(request, signal),
        writeScript: (request, output) => backup.writeScript(request, output),
        async run(request, progress, signal) {
          const result = await backup.run(request, progress, signal);
          await interfere(request.target!);
          return result;
        },
      };
    },
  };
}

/** What a proof found, one line each. */
export const damageOf = ({ damage }: ProvenBackup): string[] =>
  damage.map(({ object, message }) => `${object}: ${message}`);
