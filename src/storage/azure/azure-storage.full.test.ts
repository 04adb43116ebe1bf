import { afterAll, beforeAll } from "vitest";
import { azureContract } from "../../../tests/helpers/azure-contract.ts";
import { type AzureServer, startAzureServer } from "../../../tests/helpers/azure-server.ts";

let server: AzureServer;
beforeAll(async () => {
  server = await startAzureServer();
});
afterAll(() => server[Symbol.asyncDispose]());

azureContract(
  "a container",
  () => server,
  "",
  (store) => store,
);
