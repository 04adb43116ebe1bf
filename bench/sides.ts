import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { PostgresServer } from "../tests/helpers/postgres-server.ts";
import { mustRun } from "../tests/helpers/run-program.ts";
import type { StockTools } from "../tests/helpers/stock-tools.ts";
import type { BenchWork } from "./bench-case.ts";
import { measuredRun } from "./measured-run.ts";
import type { Side } from "./pairs.ts";
import { serverCpuSeconds } from "./server-cpu.ts";

/** What a case is measured with. */
export interface BenchPlace {
  readonly server: PostgresServer;
  /** The peer's programs. */
  readonly tools: StockTools;
  /** Our launcher. */
  readonly program: string;
  /** Host and port where both connect: the server's, or a relay's. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** For what is written; empty. */
  readonly folder: string;
  readonly limitSeconds: number;
}

export interface Sides {
  readonly peer: Side;
  readonly ours: Side;
}

type Work<Kind extends BenchWork["kind"]> = Extract<BenchWork, { kind: Kind }>;

/** Both ways of doing the work. */
export function sidesOf(work: BenchWork, place: BenchPlace): Promise<Sides> {
  switch (work.kind) {
    case "dump":
      return dumpSides(work, place);
    case "restore":
      return restoreSides(work, place);
  }
}

async function dumpSides({ peer, ours }: Work<"dump">, place: BenchPlace): Promise<Sides> {
  const { tools, database } = place;
  const output = join(place.folder, "dump");
  const side = (file: string, args: readonly string[]): Side => ({
    run: async () => {
      try {
        const run = await runBesideServer(place, file, args);
        return { ...run, bytes: await sizeOf(output) };
      } finally {
        await rm(output, { recursive: true, force: true });
        await rm(`${output}.meta.json`, { force: true });
      }
    },
  });
  const what = [place.program, "backup", "single", database, ...login(place), ...ours];
  return {
    peer: side(await tools.path("pg_dump"), [...login(place), ...peer, "-f", output, database]),
    ours: side(process.execPath, [...what, "--output", output, ...silent]),
  };
}

/** Both restore the same archive, each time into a new database. */
async function restoreSides({ archive, peer, ours }: Work<"restore">, place: BenchPlace): Promise<Sides> {
  const { server, tools, database } = place;
  const input = join(place.folder, "archive");
  await mustRun(await tools.path("pg_dump"), [...login(place), ...archive, "-f", input, database]);
  const target = `${database}_restored`;
  const side = (file: string, args: readonly string[]): Side => ({
    run: async () => {
      await server.sql(`create database "${target}" template template0`);
      // What the last run left to be written is not this one's.
      await server.sql("checkpoint");
      try {
        return await runBesideServer(place, file, args);
      } finally {
        await server.sql(`drop database "${target}"`);
      }
    },
  });
  const what = [place.program, "restore", "single", input, ...login(place), ...ours];
  return {
    peer: side(await tools.path("pg_restore"), [...login(place), ...peer, "-d", target, input]),
    ours: side(process.execPath, [...what, "--target", target, ...silent]),
  };
}

const silent = ["--progress", "none", "--quiet"];

/** Options that say where the server is, which both understand. */
function login({ host, port }: BenchPlace): string[] {
  return ["-h", host, "-p", `${port}`, "-U", "postgres"];
}

/** The postmaster takes a moment to see that a session has ended; until then its time is counted nowhere. */
const SESSIONS_END_WITHIN_MS = 200;

async function runBesideServer({ server, limitSeconds }: BenchPlace, file: string, args: readonly string[]) {
  const before = await serverCpuSeconds(server.pid!);
  const run = await measuredRun({ file, args, limitSeconds });
  await setTimeout(SESSIONS_END_WITHIN_MS);
  return { ...run, serverCpuSeconds: (await serverCpuSeconds(server.pid!)) - before };
}

/** Nothing there after a run that was ended: 0. */
async function sizeOf(output: string): Promise<number> {
  const found = await stat(output).catch(() => undefined);
  if (!found?.isDirectory()) return found?.size ?? 0;
  const sizes = await Promise.all((await readdir(output)).map((name) => stat(join(output, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
