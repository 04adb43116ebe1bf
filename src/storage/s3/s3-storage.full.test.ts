import { afterAll, beforeAll } from "vitest";
import { s3Contract } from "../../../tests/helpers/s3-contract.ts";
import { type S3Server, startS3Server } from "../../../tests/helpers/s3-server.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
}, 120_000);
afterAll(() => server[Symbol.asyncDispose]());

s3Contract(
  "a bucket",
  () => server,
  "",
  (store) => store,
);
