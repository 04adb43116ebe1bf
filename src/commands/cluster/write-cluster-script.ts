import { fileContext } from "../../core/encrypted-file.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import { wholeShape } from "../../ports/dump-shape.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { withinDuration } from "../within-duration.ts";
import type { BackupClusterPorts, BackupClusterRequest } from "./backup-cluster.ts";
import { readContents } from "./read-contents.ts";

export interface ClusterScriptRequest extends Omit<BackupClusterRequest, "destination"> {
  readonly output: { readonly sink: ByteSink; readonly openSpool: OpenSpool };
}

export interface ClusterScriptResult {
  readonly databases: number;
  readonly warnings: readonly string[];
}

/**
 * Writes a server as one script, globals and then each database, from the states that a backup of it has. A script that lacks a database
 * would not show it, so the first one that fails ends it.
 * @throws BackupError DEADLINE when it takes longer than it may
 */
export async function writeClusterScript(
  request: ClusterScriptRequest,
  ports: Pick<BackupClusterPorts, "dumper" | "codec" | "clusterReader" | "clock" | "progress">,
  signal: AbortSignal,
): Promise<ClusterScriptResult> {
  const { encryption, output } = request;
  return await withinDuration(request.maxDuration, "the backup of the cluster", signal, async (within) => {
    if (encryption === undefined) return await write(request, ports, within);
    const sink = await encryption.open(output.sink, fileContext);
    const openSpool = async () => encryption.spool(await output.openSpool());
    const result = await write({ ...request, output: { sink, openSpool } }, ports, within);
    await sink.end();
    return result;
  });
}

async function write(
  { output, dump, ...request }: ClusterScriptRequest,
  { dumper, codec, clusterReader, clock, progress }: Parameters<typeof writeClusterScript>[1],
  signal: AbortSignal,
): Promise<ClusterScriptResult> {
  const startedAt = clock.now();
  const applicationName = `dbbackup ${uuidV7(startedAt)}`;
  const { connection } = request;
  dumper.check({ ...dump, connection, database: "", applicationName });
  const contents = await readContents({ ...request, dump, applicationName }, { clusterReader, progress }, signal);
  await using shared = contents.shared;
  const names = request.globalsOnly ? [] : contents.databases;
  const warnings = [...contents.warnings];
  const { sink, openSpool } = output;
  if (names.length === 0) {
    await sink.write(contents.globals.script);
    return { databases: 0, warnings };
  }
  const script = clusterReader.wholeScript(contents.globals);
  await sink.write(script.start);
  for (const [index, database] of names.entries()) {
    signal.throwIfAborted();
    const message = `database "${database}" (${index + 1} of ${names.length})`;
    progress.emit({ event: "phase", phase: "database", message });
    const { text, create } = script.before(database);
    await sink.write(text);
    const shape = dump.shape ?? wholeShape;
    const one = { ...dump, connection, database, applicationName };
    const result = await (shared?.dumper ?? dumper).dump(
      { ...one, shape: { ...shape, script: { ...shape.script, create } } },
      { kind: "file", sink, openSpool },
      { codec, progress, signal, startedAt },
    );
    warnings.push(...result.warnings.map((warning) => `database "${database}": ${warning}`));
  }
  await sink.write(script.end);
  return { databases: names.length, warnings };
}
