import { builtPrograms } from "./built-program.ts";
import { sharedServers } from "./shared-servers.ts";
import { serveTests } from "./test-broker.ts";

/** Runs once around all test files. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = await serveTests({ server: sharedServers(), program: builtPrograms() });
  return async () => await shared[Symbol.asyncDispose]();
}
