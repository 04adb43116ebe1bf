import { basename, dirname, resolve } from "node:path";
import { monotonic } from "../core/monotonic.ts";
import { isStorageUrl } from "../core/storage-url.ts";
import type { Clock } from "../ports/clock.ts";
import type { RequestFigure, Services, TransferLimitWishes } from "../ports/services.ts";
import type { Storage } from "../ports/storage.ts";
import type { RetryTimes } from "../storage/object/retrying-store.ts";
import { version } from "./version.ts";

/**
 * Joins the adapters. Each is imported only when somebody asks for it.
 * @param retries of requests to repositories; what is usual, if nobody says
 */
export function createServices(retries?: RetryTimes): Services {
  const clock: Clock = { now: () => new Date(), monotonic };
  // What was found in a bucket is named by the bucket's location, without the parameters that it was opened with.
  const buckets = new Map<string, Storage>();
  const bucketAt = async (url: string): Promise<Storage> => {
    const known = buckets.get(url);
    if (known !== undefined) return known;
    const { openBucket } = await import("./open-bucket.ts");
    const bucket = await openBucket(url, clock, process.env, { limits, figures, retries });
    buckets.set(bucket.location, bucket);
    return bucket;
  };
  let limits: TransferLimitWishes | undefined;
  const figures = new Map<string, RequestFigure>();
  return {
    clock,
    requestFigures: figures,
    limitTransfers: (wishes) => {
      limits = wishes;
    },
    openCatalogue: async (place, environment) => {
      const [{ SqliteCatalogue }, { usualPlace }] = await Promise.all([
        import("../catalogue/sqlite-catalogue.ts"),
        import("../catalogue/open-database.ts"),
      ]);
      return new SqliteCatalogue(place ?? usualPlace(environment), version);
    },
    setCatalogueAside: async (place, environment) => {
      const [{ setAside }, { usualPlace }] = await Promise.all([
        import("../catalogue/set-aside.ts"),
        import("../catalogue/open-database.ts"),
      ]);
      return setAside(place ?? usualPlace(environment), clock.now());
    },
    openStorage: async (location) => {
      if (isStorageUrl(location)) return await bucketAt(location);
      const { LocalStorage } = await import("../storage/local/local-storage.ts");
      return new LocalStorage(location, clock);
    },
    openProbedPlace: async (location) => {
      if (isStorageUrl(location))
        return await (await import("./open-bucket.ts")).openProbedBucket(location, clock, process.env, {
          limits,
          figures,
          retries,
        });
      const [{ LocalStorage }, { ProbedFolder }] = await Promise.all([
        import("../storage/local/local-storage.ts"),
        import("../storage/local/probed-folder.ts"),
      ]);
      return new ProbedFolder(new LocalStorage(location, clock));
    },
    locateFile: async (path) => (await import("../storage/local/locate-file.ts")).locateFile(path),
    openOutput: async (path, kind) =>
      (await import("../storage/local/open-output.ts")).openOutput(path, kind, process.stdout, clock),
    locateOutput: async (path) => {
      const { LocalStorage } = await import("../storage/local/local-storage.ts");
      const full = resolve(path);
      return { storage: new LocalStorage(dirname(full), clock), key: basename(full) };
    },
    dumping: async (wanted) => (await import("./dumping.ts")).dumpingServices(`dbbackup ${version}`, wanted),
    openChecker: async (family) => (await import("./open-checker.ts")).openChecker(family),
    openComparer: async (family) => (await import("./open-comparer.ts")).openComparer(family),
    openComparisonNotes: async (path, how) =>
      (await import("../storage/local/comparison-notes-file.ts")).openComparisonNotes(path, how),
    openClusterReader: async (family) => (await import("./open-cluster.ts")).openClusterReader(family),
    openGlobalsRestorer: async (family) => {
      if (family === "mysql")
        return (await import("../engines/mysql/cluster/globals-restorer.ts")).mysqlGlobalsRestorer;
      return (await import("../engines/postgres/cluster/globals-restorer.ts")).postgresGlobalsRestorer;
    },
    openServerFinder: async (family) => {
      if (family === "mysql") return (await import("../engines/mysql/local/find-mysql.ts")).mysqlFinder;
      return (await import("../engines/postgres/local/find-postgres.ts")).postgresFinder;
    },
    openPrompt: async () => (await import("./open-prompt.ts")).openPrompt(),
    missingFolders: async (path) => (await import("../storage/local/made-folders.ts")).missingFolders(path),
    removeEmptyFolders: async (folders) =>
      (await import("../storage/local/made-folders.ts")).removeEmptyFolders(folders),
    openEarlierArchives: async () => (await import("./open-earlier-archives.ts")).openEarlierArchives(),
    openRestorer: async (engine, named) => (await import("./open-restorer.ts")).openRestorer(engine, named),
    recognizeFile: async (file) => {
      const { recognizeStoredFile } = await import("./recognize-family.ts");
      return await recognizeStoredFile(file, (await import("../stages/codec.ts")).createCodec());
    },
    openProver: async (family) => {
      if (family === "mysql") return (await import("../engines/mysql/proof/mysql-prover.ts")).mysqlProver;
      return (await import("../engines/postgres/proof/postgres-prover.ts")).postgresProver;
    },
    standardInput: () => process.stdin,
    readTextFile: async (path) => {
      const { readTextFile, textOf } = await import("../storage/local/read-text-file.ts");
      return path === "-" ? await textOf("standard input", process.stdin) : await readTextFile(path);
    },
    readConfig: async (path, environment) =>
      (await import("../storage/local/read-config-file.ts")).readConfigFile(path, environment),
    encryption: async () => (await import("./open-encryption.ts")).encryptionServices,
    readVaultPassword: async (reference, environment) =>
      (await import("../secrets/vault/read-vault-password.ts")).readVaultPassword(reference, environment),
    openSamplePlanner: async (family) => {
      if (family === "mysql")
        return (await import("../engines/mysql/sample/mysql-sample-planner.ts")).mysqlSamplePlanner;
      return (await import("../engines/postgres/sample/postgres-sample-planner.ts")).postgresSamplePlanner;
    },
    openSourceChecker: async (family) => {
      if (family === "mysql")
        return (await import("../engines/mysql/preflight/mysql-source-checker.ts")).mysqlSourceChecker;
      return (await import("../engines/postgres/preflight/source-checker.ts")).postgresSourceChecker;
    },
    openSqlSession: async (server, database, signal) =>
      (await import("./open-sql-session.ts")).openSqlSession(server, database, signal),
    startThrowawayServer: async (signal, options) => {
      const { databaseType = "postgres" } = options ?? {};
      if (databaseType !== "postgres") {
        return (await import("../embedded/mysql-on-path.ts")).startMysqlOnPath(databaseType, signal, options);
      }
      (await import("./isolate-environment.ts")).isolateEnvironment(process.env);
      return (await import("../embedded/embedded-postgres.ts")).startEmbeddedPostgres(signal, options);
    },
    tool: { name: "dbbackup", version },
  };
}
