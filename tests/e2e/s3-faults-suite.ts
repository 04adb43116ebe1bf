import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { s3Faults, startS3FaultProxy } from "../helpers/s3-fault-proxy.ts";
import { startS3Server } from "../helpers/s3-server.ts";
import { type DisturbedBucket, faultsSuite } from "./faults-suite.ts";

/** Backups over S3 behind a proxy that disturbs it. @param isHere as of `faultsSuite` */
export function s3FaultsSuite(name: string, seeds: readonly number[], isHere = false): void {
  faultsSuite(name, seeds, openDisturbedS3, isHere);
}

async function openDisturbedS3(): Promise<DisturbedBucket> {
  const Bucket = "faults";
  const server = await startS3Server();
  const { endpoint, credentials, environment: env } = server;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket }));
  const urlOf = (prefix: string, at: string) =>
    `s3://${Bucket}/${prefix}?endpoint=${at}&region=us-east-1&path-style=true`;
  return {
    faults: s3Faults,
    async keysBelow(Prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key }) => Key!);
    },
    direct: (prefix) => ({ repo: urlOf(prefix, endpoint), env }),
    async disturbed(prefix, seed, rate) {
      const proxy = await startS3FaultProxy(server.port, seed, rate);
      return Object.assign(proxy, { repo: urlOf(prefix, proxy.endpoint), env });
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
