import { randomUUID } from "node:crypto";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { expect } from "vitest";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import type { AzureSettings } from "../../src/storage/azure/azure-settings.ts";
import { AzureStore } from "../../src/storage/azure/azure-store.ts";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { storageSuite } from "../contract/storage-suite.ts";
import type { AzureServer } from "./azure-server.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

/** The contract of storage on a server, each test in a container of its own. */
export function azureContract(
  name: string,
  server: () => AzureServer,
  prefix: string,
  wrap: (store: ObjectStore) => ObjectStore,
): void {
  storageSuite(
    name,
    async () => {
      const container = await newContainer(server());
      const settings = azureSettings(server(), container, prefix);
      const open = async () => new ObjectStorage(wrap(await AzureStore.open(settings)), clock);
      return {
        storage: await open(),
        other: await open(),
        remove: async () => {
          expect((await namesIn(container)).filter((key) => key.includes(".tmp-"))).toEqual([]);
          for await (const blob of container.listBlobsFlat({ includeUncommitedBlobs: true })) {
            if ((blob.properties.contentLength ?? 0) > 0) continue;
            const { uncommittedBlocks } = await container.getBlockBlobClient(blob.name).getBlockList("uncommitted");
            expect([blob.name, uncommittedBlocks ?? []]).toEqual([blob.name, []]);
          }
        },
      };
    },
    { isFileSystem: false, resumesUploads: true },
  );
}

/** An empty container of any name, opened by the SDK alone. */
export async function newContainer({ endpoint, account, key }: AzureServer): Promise<ContainerClient> {
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key));
  const container = service.getContainerClient(randomUUID());
  await container.create();
  return container;
}

/** How we open it. */
export function azureSettings(server: AzureServer, container: ContainerClient, prefix = ""): AzureSettings {
  const { account, endpoint, key } = server;
  const credentials = { kind: "account key", key } as const;
  return { account, container: container.containerName, prefix, endpoint, credentials };
}

/** Names of all blobs, with those that only have blocks. */
export async function namesIn(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ includeUncommitedBlobs: true })) names.push(name);
  return names;
}
