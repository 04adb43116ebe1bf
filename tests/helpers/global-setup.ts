import { builtPrograms } from "./built-program.ts";
import { sharedMysqlServers } from "./mysql-shared-servers.ts";
import { sharedServers } from "./shared-servers.ts";
import { serveTests } from "./test-broker.ts";

/** Runs once around all test files. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = await serveTests({ server: sharedServers(), mysql: sharedMysqlServers(), program: builtPrograms() });
  return async () => await shared[Symbol.asyncDispose]();
}
