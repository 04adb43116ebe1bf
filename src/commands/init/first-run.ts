import { BackupError } from "../../core/backup-error.ts";
import { chooseDatabase, choosePlaces } from "./choose-rest.ts";
import { chooseServer } from "./choose-server.ts";
import type { InitChoices, InitPorts, InitProof, InitRequest, InitResult } from "./init-request.ts";
import { MadeThings } from "./made-things.ts";

const defaultConfig = "./dbbackup.toml";

/**
 * The first run: finds a server, asks what nobody has said, takes a backup, restores it for proof, and writes a configuration file.
 * Nothing is made before the last question is answered. When it is interrupted, or the backup fails, all that it made is gone
 * again; a backup that could not be proved stays, with its key and configuration.
 * @throws BackupError USAGE, EXISTS, NOT_FOUND, INTERRUPTED, and whatever keeps a backup from being made
 */
export async function firstRun(request: InitRequest, ports: InitPorts, signal: AbortSignal): Promise<InitResult> {
  const choices = await choose(request, ports, signal);
  ports.interview.tell("", ...planned(choices));
  if (request.dryRun) return { choices };
  await confirm(ports);
  const made = new MadeThings();
  try {
    return await carryOut(choices, ports, made, signal);
  } catch (error) {
    for (const failure of await made.takeBack()) {
      ports.interview.tell(`could not be taken back: ${failure instanceof Error ? failure.message : String(failure)}`);
    }
    throw error;
  }
}

async function choose(request: InitRequest, ports: InitPorts, signal: AbortSignal): Promise<InitChoices> {
  const configFile = ports.absolute(request.configFile ?? defaultConfig);
  if (await ports.exists(configFile)) throw configExists(configFile);
  const { family, connection, server, finder } = await chooseServer(request, ports, signal);
  ports.interview.tell(`found: ${server.product} at ${server.address}, logged in as "${server.user}"`);
  const database = await chooseDatabase(server, request, ports);
  ports.interview.tell(
    "",
    "a backup needs no more than these rights; a role that has them, for backups from now on:",
    ...finder.backupRole(database, server).map((line) => `    ${line}`),
    "",
  );
  const places = await choosePlaces(request, ports, configFile);
  return { family, connection, server, database, ...places };
}

function planned({ database, server, repository, keyFile, isNewKey, proves, configFile }: InitChoices): string[] {
  const key = keyFile === undefined ? "not encrypted" : `encrypted with the key in ${keyFile}`;
  const steps = [
    ...(isNewKey ? [`make a key: ${keyFile}`] : []),
    `back up database "${database}" of ${server.address} into ${repository}, ${key}`,
    ...(proves ? ["restore that backup into a server of its own, compare, and throw the server away"] : []),
    `write ${configFile}`,
  ];
  return ["this is what is done now:", ...steps.map((step, index) => `  ${index + 1}. ${step}`)];
}

async function confirm({ interview }: InitPorts): Promise<void> {
  const answer = await interview.ask({
    flag: "--yes",
    text: "go on?",
    default: "yes",
    choices: [
      { value: "yes", text: "yes" },
      { value: "no", text: "no" },
    ],
  });
  if (answer === "yes") return;
  throw new BackupError({ code: "INTERRUPTED", message: "nothing was done, as you wished" });
}

async function carryOut(
  choices: InitChoices,
  ports: InitPorts,
  made: MadeThings,
  signal: AbortSignal,
): Promise<InitResult> {
  const { keyFile, isNewKey } = choices;
  const key = keyFile !== undefined && isNewKey ? await ports.makeKey(keyFile, made) : undefined;
  signal.throwIfAborted();
  const encryption = keyFile === undefined ? undefined : await ports.encryptionWith(keyFile);
  const backup = await ports.backUp(choices, encryption, made, signal);
  const proof = choices.proves ? await tryProof(choices, backup, ports, signal) : {};
  signal.throwIfAborted();
  await ports.writeConfig(choices, made);
  signal.throwIfAborted();
  made.keep();
  return { choices, backup, ...(key === undefined ? {} : { keyId: key.keyId }), ...proof };
}

/** Where there is no server to try it on, the backup is none the worse. */
async function tryProof(
  choices: InitChoices,
  backup: Parameters<InitPorts["prove"]>[1],
  ports: InitPorts,
  signal: AbortSignal,
): Promise<{ proof?: InitProof; proofFailure?: NonNullable<InitResult["proofFailure"]> }> {
  try {
    return { proof: await ports.prove(choices, backup, signal) };
  } catch (error) {
    if (!(error instanceof BackupError) || signal.aborted || error.code === "INTERRUPTED") throw error;
    return { proofFailure: { message: error.message, hint: error.hint } };
  }
}

function configExists(path: string): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: "there is a configuration file already, and it stays as it is",
    object: path,
    hint: "name another one with --write-config FILE, or remove it",
  });
}
