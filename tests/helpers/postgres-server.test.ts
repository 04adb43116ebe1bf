import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { startServer } from "./postgres-server.ts";
import { sharedServer } from "./shared-servers.ts";
import { withDatabase } from "./test-database.ts";

test("a server answers, restarts on its port with its data, and leaves nothing behind", async () => {
  const server = await startServer({ major: 18, settings: { work_mem: "7MB" } });
  const { port, pid, socketDirectory } = server;
  expect(await server.sql("CREATE TABLE kept AS SELECT 1 AS x; SHOW work_mem")).toEqual([{ work_mem: "7MB" }]);
  await server.restart();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await server.sql("SELECT x, NULL AS y FROM kept")).toEqual([{ x: "1", y: null }]);
  const second = server.pid!;
  await server.stop();
  await server.stop();
  expect(existsSync(socketDirectory)).toBe(false);
  expect(() => process.kill(second, 0)).toThrow();
});

test("a server that cannot start says why, and leaves nothing behind", async () => {
  await expect(startServer({ major: 18, settings: { shared_buffers: "nonsense" } })).rejects.toThrow(/nonsense/);
});

test("files share one server per major, each in a database of its own", async () => {
  const [one, two] = await Promise.all([sharedServer(18), sharedServer(18)]);
  expect(one).toEqual(two);
  await using first = await withDatabase(one);
  await using second = await withDatabase(two);
  await first.sql("CREATE TABLE here (x int)");
  await expect(second.sql("SELECT * FROM here")).rejects.toThrow(/42P01.*does not exist/);
});

/** Empty for a process that has ended, whether or not its parent has noticed. */
function commandLine(pid: number): string {
  return existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/cmdline`, "latin1") : "";
}

test("after kill -9 of whoever started it, a server and its folder are gone", async () => {
  const module = join(import.meta.dirname, "postgres-server.ts");
  const program = `
    const { startServer } = await import(${JSON.stringify(module)});
    const server = await startServer({ major: 18 });
    console.log(JSON.stringify({ pid: server.pid, folder: server.socketDirectory }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
  expect(existsSync(join(folder, "data", "postmaster.pid"))).toBe(true);
  child.kill("SIGKILL");
  await expect.poll(() => existsSync(folder)).toBe(false);
  expect(commandLine(pid)).toBe("");
});
