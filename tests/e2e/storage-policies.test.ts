import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BucketLifecycleConfiguration,
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { dbbackupHere, mustDbbackupHere, withVariables } from "../helpers/dbbackup-here.ts";
import { ownersClient } from "../helpers/s3-contract.ts";
import { environmentOf, startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/storage.md"), "utf8");
const [writer = "", reader = "", rules = ""] = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, block]) => block!);

test("the policies of docs/storage.md are enough for who writes and who reads, and no more", async () => {
  expect([writer, reader]).toEqual([expect.stringContaining('"writer"'), expect.stringContaining('"reader"')]);
  await using home = await withTemporaryFolder();
  await using server = await startS3Server({ policies: { writer, reader } });
  const client = ownersClient(server);
  const Bucket = "my-backups";
  await client.send(new CreateBucketCommand({ Bucket }));
  const LifecycleConfiguration = JSON.parse(rules) as BucketLifecycleConfiguration;
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  client.destroy();
  await using database = await withDatabase(await sharedServer(18));
  await database.sql("CREATE TABLE t AS SELECT i, repeat(md5(i::text), 10) AS t FROM generate_series(1, 30000) i");
  const repoOf = (prefix: string) =>
    `s3://my-backups/${prefix}?endpoint=${server.endpoint}&region=us-east-1&path-style=true`;
  const repo = ["--repo", repoOf("shop")];
  const backup = ["backup", "single", database.name, "--url", database.url, "--compression", "none", "--json"];
  const denied = { status: 1, stderr: expect.stringContaining("access denied") };

  using asWriter = withVariables({ ...environmentOf(server.users.writer!), HOME: home.path });
  const made = JSON.parse((await mustDbbackupHere([...backup, ...repo])).stdout.toString());
  await mustDbbackupHere([...backup, ...repo, "--format", "directory"]);
  expect(await dbbackupHere([...backup, "--repo", repoOf("other")])).toMatchObject(denied);
  const deletion = ["cloud", "delete", made.id, ...repo, "--confirm"];
  expect(await dbbackupHere(deletion)).toMatchObject(denied);
  const cleaned = JSON.parse((await mustDbbackupHere(["cleanup", ...repo, "--json"])).stdout.toString());
  expect(cleaned).toMatchObject({ runs: 0, uploads: [] });
  asWriter[Symbol.dispose]();

  using asReader = withVariables({ ...environmentOf(server.users.reader!), HOME: home.path });
  expect(JSON.parse((await mustDbbackupHere(["list", ...repo, "--json"])).stdout.toString())).toHaveLength(2);
  await mustDbbackupHere(["verify", made.id, ...repo]);
  await using restored = await withDatabase(database.server);
  await mustDbbackupHere(["restore", "single", made.id, ...repo, "--url", restored.url, "--target", restored.name]);
  expect(await dbbackupHere([...backup, ...repo])).toMatchObject(denied);
  expect(await dbbackupHere(deletion)).toMatchObject(denied);
  asReader[Symbol.dispose]();
});
