import { serveSharedServers } from "./shared-servers.ts";

/** Runs once around all test files. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = await serveSharedServers();
  return async () => await shared[Symbol.asyncDispose]();
}
