import { randomUUID } from "node:crypto";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import { ObjectStorage } from "../../src/storage/object/object-storage.ts";
import { S3Store } from "../../src/storage/s3/s3-store.ts";
import { storageSuite } from "../contract/storage-suite.ts";
import type { S3Server } from "./s3-server.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };

/** The SDK's client of somebody who may do everything. */
export function ownersClient({ endpoint, credentials }: S3Server): S3Client {
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
}

/** The contract of storage on a server that speaks S3, in a bucket of its own for each test. */
export function s3Contract(
  name: string,
  server: () => S3Server,
  prefix: string,
  wrap: (store: ObjectStore) => ObjectStore,
): void {
  storageSuite(
    name,
    async () => {
      const client = ownersClient(server());
      const Bucket = randomUUID();
      await client.send(new CreateBucketCommand({ Bucket }));
      const { endpoint, credentials } = server();
      const settings = { bucket: Bucket, prefix, region: "us-east-1", endpoint, forcePathStyle: true, credentials };
      const open = async () => new ObjectStorage(wrap(await S3Store.open(settings)), clock);
      return {
        storage: await open(),
        other: await open(),
        remove: async () => {
          const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
          const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
          client.destroy();
          expect(Contents.map(({ Key }) => Key!).filter((key) => key.includes(".tmp-"))).toEqual([]);
          expect(Uploads).toEqual([]);
        },
      };
    },
    { isFileSystem: false, resumesUploads: true },
  );
}
