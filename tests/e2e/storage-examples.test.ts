import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { commands } from "../../src/frontends/cli/commands.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import { startS3Server } from "../helpers/s3-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withDatabase } from "../helpers/test-database.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/storage.md"), "utf8");

/** Commands of the page's examples, as they stand there. */
function examples(): string[] {
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line.startsWith("dbbackup "));
}

function deletes(line: string): boolean {
  return line.includes("cloud delete");
}

test("the examples of docs/storage.md and of the help of cloud do what they say", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dbbackup-examples-"));
  await using server = await startS3Server();
  await using database = await withDatabase(await sharedServer(18));
  await using copy = await withDatabase(database.server);
  await database.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
  await copy.drop();
  const { endpoint, credentials } = server;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: "my-backups" }));
  const url = new URL(database.url);
  const env = {
    ...server.environment,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: "us-east-1",
    HOME: folder,
    PGHOST: url.searchParams.get("host") ?? url.hostname,
    PGPORT: url.searchParams.get("port") ?? url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
  };
  mkdirSync(join(folder, "backups"));
  let made = { id: "", backup_file: "" };
  const run = async (line: string): Promise<string> => {
    const words = line
      .replaceAll(/\bshop_copy\b/g, copy.name)
      .replaceAll(/(single|preflight|latest:)( ?)shop\b/g, `$1$2${database.name}`)
      .replaceAll("shop_full_20260102T030405Z.dump", made.backup_file)
      .replaceAll("019e1f30", made.id)
      .replaceAll(/\/mnt\/usb|\/var\/backups/g, join(folder, "elsewhere"))
      .split(" ")
      .slice(1);
    return (await mustDbbackup(words, { env, cwd: folder })).stdout.toString();
  };
  try {
    const ofS3 = examples().filter((line) => line.includes("s3://my-backups/shop"));
    const helped = commands.filter(({ words }) => words[0] === "cloud").flatMap((command) => command.examples ?? []);
    expect([ofS3.length, helped.length]).toEqual([9, 6]);
    // What is uploaded there lies in the usual repository.
    await run("dbbackup backup single shop --quiet");
    // Names have the second: two repositories whose backups come together must not have the same.
    await sleep(1100);
    await run("dbbackup backup single shop --repo /var/backups --quiet");
    await sleep(1100);
    const done: string[] = [];
    for (const line of [...ofS3, ...helped].filter((each) => !deletes(each))) {
      done.push(await run(line));
      if (made.id === "") [made] = JSON.parse(await run("dbbackup list --repo s3://my-backups/shop --json"));
    }
    await run(ofS3.find(deletes)!);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "my-backups" }));
    const left = Contents.map(({ Key }) => Key);
    expect(left.filter((key) => key!.endsWith(".meta.json"))).toHaveLength(2);
    expect(left.join("\n")).not.toContain(made.backup_file);
    expect(done.join("")).toContain(made.id);
  } finally {
    client.destroy();
    rmSync(folder, { recursive: true });
  }
});
