import { resolve } from "node:path";
import { backupSingle } from "../../../commands/backup-single.ts";
import { findBackup } from "../../../commands/find-backup.ts";
import { firstRun } from "../../../commands/init/first-run.ts";
import type { InitPorts, InitRequest, InitResult } from "../../../commands/init/init-request.ts";
import { listBackups } from "../../../commands/list-backups.ts";
import { isProven } from "../../../commands/proof/prove-backup.ts";
import { removalOf, removeBackup } from "../../../commands/removal/remove-backup.ts";
import { writeOutput } from "../../../commands/write-output.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { parseCompression } from "../../../core/compression.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import { isStorageUrl } from "../../../core/storage-url.ts";
import type { KeySources } from "../../../ports/encryption.ts";
import type { Prompt } from "../../../ports/interview.ts";
import type { Services } from "../../../ports/services.ts";
import { formatBytes, formatDuration } from "../amounts.ts";
import { namedFamily } from "../check-family.ts";
import type { CliContext } from "../cli-context.ts";
import type { Invocation, RunCommand } from "../command.ts";
import { connectionRequest } from "../connection-request.ts";
import { defaultJobs } from "../default-jobs.ts";
import { configText } from "../init/config-text.ts";
import { type Answering, interviewBy } from "../init/interview.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { repositoryOf } from "../repository-option.ts";
import { unlockingOf } from "../unlocking.ts";
import { proving } from "./prove.ts";
import { recording } from "./record-verification.ts";

export const run: RunCommand = async (invocation, context) => {
  const { options } = invocation;
  const { output, services, signal } = context;
  using prompt = await promptFor(options, services);
  const tell = (lines: readonly string[]) => output.print(...lines.map(printable));
  const interview = interviewBy(answering(options, prompt), tell, signal);
  const result = await firstRun(requestOf(invocation), { ...portsOf(context), interview }, signal);
  output.document(documentOf(result));
  if (result.backup === undefined) return ExitStatus.done;
  printResult(result, output);
  if (result.proof?.isProven === false) return ExitStatus.damaged;
  return result.proofFailure === undefined ? ExitStatus.done : ExitStatus.partial;
};

/** @throws BackupError USAGE when there is neither a terminal nor a word of what to do without one */
async function promptFor(options: OptionValues, services: Services): Promise<Prompt | undefined> {
  if (options.yes === true || options["no-input"] === true) return undefined;
  const prompt = options.json === true ? undefined : await services.openPrompt();
  if (prompt !== undefined) return prompt;
  throw new BackupError({
    code: "USAGE",
    message: "there is no terminal to ask at",
    hint: "take all defaults with --yes, or answer by flags, with --no-input",
  });
}

function answering(options: OptionValues, prompt: Prompt | undefined): Answering {
  if (prompt !== undefined) return { kind: "user", prompt };
  return { kind: options.yes === true ? "defaults" : "nobody" };
}

function requestOf({ args, options }: Invocation): InitRequest {
  const connection = connectionRequest(options);
  const { url, host, port, socket, dbType: _, ...login } = connection;
  const isNamed = [url, host, port, socket].some((value) => value !== undefined);
  const keys = options["key-file"] ?? [];
  if (keys.length > 1) {
    throw new BackupError({
      code: "USAGE",
      message: "init takes one key",
      hint: "add others to the configuration file afterwards",
    });
  }
  const [keyFile] = options["no-encrypt"] === true ? ["none"] : keys;
  const family = namedFamily(options);
  const isFamilyNamed = options["db-type"] !== undefined || url !== undefined;
  return {
    ...(isNamed ? { connection } : { login }),
    ...(isFamilyNamed && family !== undefined ? { family } : {}),
    isUserGiven: options.user !== undefined || url !== undefined,
    ...(args[0] === undefined ? {} : { database: args[0] }),
    ...(options.repo === undefined ? {} : { repository: repositoryOf(options) }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(options["write-config"] === undefined ? {} : { configFile: options["write-config"] }),
    ...(options["no-proof"] === true ? { proves: false } : {}),
    dryRun: options["dry-run"] === true,
  };
}

function portsOf({ services, environment, progress }: CliContext): Omit<InitPorts, "interview"> {
  return {
    environment,
    openFinder: (family) => services.openServerFinder(family),
    absolute: (path) => resolve(path),
    exists: async (path) => (await services.locateFile(path)) !== undefined,
    async makeKey(path, made) {
      const { text, keyId } = (await services.encryption()).generate("raw");
      await writeNew(path, text.reveal(), services, made);
      return { keyId: keyId! };
    },
    encryptionWith: async (keyFile) => await (await services.encryption()).encryption(keysOf(keyFile)),
    async backUp({ family, connection, database, repository }, encryption, made, signal) {
      const isFolder = !isStorageUrl(repository);
      if (isFolder) {
        const folders = await services.missingFolders(repository);
        made.add(() => services.removeEmptyFolders(folders));
      }
      const storage = await services.openStorage(repository);
      const metadata = await backupSingle(
        {
          connection,
          database,
          format: family === "mysql" ? "sql" : "custom",
          compression: parseCompression(family === "mysql" ? "none" : "gzip"),
          jobs: defaultJobs(),
          destination: { kind: "repository", storage },
          ...(encryption === undefined ? {} : { encryption }),
        },
        { ...(await services.dumping({ family })), clock: services.clock, tool: services.tool, progress },
        signal,
      );
      made.add(async () => {
        const { backups } = await listBackups(storage, new AbortController().signal);
        const own = backups.find((listed) => listed.metadata.id === metadata.id);
        if (own !== undefined) await removeBackup(await removalOf(own.backup, storage), storage, services.clock.now());
      });
      return metadata;
    },
    async prove(choices, { id }, signal) {
      const { family, keyFile, repository } = choices;
      const options: OptionValues = {
        "db-type": family,
        "plain-scratch": keyFile !== undefined,
        ...(keyFile === undefined ? {} : { "key-file": [keyFile] }),
      };
      const prove = await proving(
        options,
        { asked: family },
        { services, progress },
        recording(options, { services, progress }),
      );
      const unlocking = await unlockingOf(options, services, progress);
      const openRepository = () => services.openStorage(repository);
      const found = await findBackup(id, { locateFile: services.locateFile, openRepository, unlocking }, signal);
      const { result } = await prove(id, found, signal);
      return {
        isProven: isProven(result),
        recoverySeconds: result.recoverySeconds,
        counts: result.counts,
        damage: result.damage.map(({ object, message }) => `${object}: ${message}`),
      };
    },
    writeConfig: async (choices, made) => await writeNew(choices.configFile, configText(choices), services, made),
  };
}

function keysOf(keyFile: string): KeySources {
  return { keyFiles: [keyFile], keyVariables: [], passphraseFiles: [], recipients: [], asksPassphrase: false };
}

/** A file that only its owner can read, and that was not there. */
async function writeNew(
  path: string,
  text: string,
  services: Pick<Services, "openOutput">,
  made: Parameters<InitPorts["makeKey"]>[1],
): Promise<void> {
  const target = await services.openOutput(path, "file");
  if (target.kind === "file") {
    await writeOutput(target, (sink) => sink.write(Buffer.from(text)));
    made.add(() => target.storage.remove(target.key));
    return;
  }
  await target.close();
  throw new BackupError({
    code: "USAGE",
    message: "it is no file",
    object: path,
    hint: "name a file that is not there",
  });
}

function documentOf({ choices, backup, keyId, proof, proofFailure }: InitResult) {
  const { server, database, repository, keyFile, configFile } = choices;
  return {
    server: { product: server.product, address: server.address, user: server.user },
    database,
    repository,
    key_file: keyFile ?? null,
    config_file: configFile,
    dry_run: backup === undefined,
    ...(keyId === undefined ? {} : { key_id: keyId }),
    ...(backup === undefined ? {} : { backup }),
    ...(proof === undefined ? {} : { proof: proofDocument(proof) }),
    ...(proofFailure === undefined ? {} : { proof: { status: "failed", ...proofFailure } }),
  };
}

function proofDocument({ isProven: isOk, recoverySeconds, counts, damage }: NonNullable<InitResult["proof"]>) {
  return {
    status: isOk ? "ok" : "damaged",
    ...(recoverySeconds === undefined ? {} : { recovery_seconds: recoverySeconds }),
    counts,
    damage,
  };
}

function printResult({ choices, backup, keyId, proof, proofFailure }: InitResult, output: Output): void {
  const { database, repository, keyFile, configFile } = choices;
  const { id, size_bytes: size } = backup!;
  output.print("", printable(`backup ${id} of database "${database}" is in ${repository}: ${formatBytes(size)}`));
  if (proof !== undefined) output.print(...proofText(proof));
  if (proofFailure !== undefined) {
    output.warn(`the backup was not restored for proof: ${proofFailure.message}`, {
      hint: proofFailure.hint ?? `dbbackup verify ${id} --restore --server URL restores it into a scratch database`,
    });
  }
  output.print(printable(`${configFile} is what commands read from now on, in this folder`));
  if (keyFile !== undefined && keyId !== undefined) {
    output.warn(`the key of the backups is in ${keyFile}, and nowhere else: without it nobody can read them`, {
      hint: "put a copy where neither the database nor the backups are, now",
    });
  }
  output.print(printable(`from now on: dbbackup backup single ${database}`));
}

function proofText({ isProven: isOk, recoverySeconds, counts, damage }: NonNullable<InitResult["proof"]>): string[] {
  if (!isOk)
    return ["DAMAGED: what was restored is not what was backed up", ...damage.map((line) => `  ${printable(line)}`)];
  const { tables = 0, rows = 0 } = counts;
  const took = recoverySeconds === undefined ? "" : ` in ${formatDuration(recoverySeconds)}`;
  return [`restored for proof${took}: ${counted(tables, "table")} and ${counted(rows, "row")}, as they were`];
}
