import type { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import { BackupError } from "../../core/backup-error.ts";
import { ExitStatus } from "../../core/exit-status.ts";
import type { Services } from "../../ports/services.ts";
import type { Command, Invocation } from "./command.ts";
import { CommandCatalogue } from "./command-catalogue.ts";
import { commands as builtCommands } from "./commands.ts";
import type { ConfigText, ConfigValues } from "./config/parse-config.ts";
import { commandHelp, programHelp } from "./help.ts";
import { limitTransfers } from "./limit-transfers.ts";
import type { OptionValues } from "./options/options.ts";
import { Output, type OutputSettings } from "./output.ts";
import { type CommandLine, findCommand, parseCommandLine } from "./parse-command-line.ts";
import { openProgress } from "./progress/open-progress.ts";
import { unknownVariables } from "./values-from-environment.ts";

type RunLine = Extract<CommandLine, { kind: "run" }>;

/** What the front-end needs from the process. */
export interface CliProcess {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: WriteStream;
  readonly signal: AbortSignal;
  readonly services: Services;
  /** Told which command runs, to show it in the list of processes. */
  readonly announce?: (words: readonly string[]) => void;
  /** The table of commands; another one only in tests. */
  readonly commands?: readonly Command[];
}

/** Runs one command line to its exit status. Never throws: what goes wrong is printed. */
export async function runCli(cli: CliProcess): Promise<ExitStatus> {
  quietOnBrokenPipe(cli.stdout);
  quietOnBrokenPipe(cli.stderr);
  const commands = cli.commands ?? builtCommands;
  let output = new Output(cli.stdout, cli.stderr, settingsBeforeParsing(cli));
  try {
    const line = parseCommandLine(cli.args, cli.environment, commands, "unread");
    if (line.kind === "help") {
      const { words } = line;
      cli.stdout.write(words.length === 0 ? programHelp(commands) : helpFor(words, commands));
      return ExitStatus.done;
    }
    if (line.kind === "version") {
      cli.stdout.write(`${cli.services.tool.name} ${cli.services.tool.version}\n`);
      return ExitStatus.done;
    }
    const { command, invocation } = await withConfig(line, cli, commands);
    output = new Output(cli.stdout, cli.stderr, settingsOf(invocation.options, cli));
    return await runCommand(command, invocation, cli, output);
  } catch (error) {
    return report(error, cli.signal, output);
  }
}

/** The same command line, where the configuration file fills in what nobody said. */
async function withConfig(line: RunLine, cli: CliProcess, commands: readonly Command[]): Promise<RunLine> {
  if (line.command.readsConfigItself === true) return line;
  const { config: path, profile } = line.invocation.options;
  const found = await cli.services.readConfig(path, cli.environment);
  if (found === undefined && profile !== undefined) throw noConfig(profile);
  return parseCommandLine(cli.args, cli.environment, commands, found && (await parsed(found))) as RunLine;

  async function parsed(file: ConfigText): Promise<ConfigValues> {
    const { parseConfig } = await import("./config/parse-config.ts");
    return await parseConfig(file, profile, cli.environment);
  }
}

function noConfig(profile: string): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `there is no configuration file, and so no profile "${profile}"`,
    hint: "name the file with --config",
  });
}

function helpFor(words: readonly string[], commands: readonly Command[]): string {
  const group = commands.filter((command) => command.words[0] === words[0]);
  return words.length === 1 && group.length > 1 ? programHelp(group) : commandHelp(findCommand(words, commands));
}

async function runCommand(
  command: Command,
  invocation: Invocation,
  cli: CliProcess,
  output: Output,
): Promise<ExitStatus> {
  cli.announce?.(command.words);
  if (cli.args.some(holdsPassword)) {
    output.warn("a password on the command line can be read by others, in the list of processes and in the history", {
      hint: "use --password-file or --password-vault, or the file that the clients of the server read (~/.pgpass, ~/.my.cnf)",
    });
  }
  for (const { name, guess } of unknownVariables(cli.environment)) {
    const hint = guess === undefined ? "dbbackup --help names the variables" : `did you mean ${guess}?`;
    output.warn(`environment variable "${name}" means nothing`, { hint });
  }
  limitTransfers(invocation, cli.args, cli);
  const progress = openProgress(invocation.options.progress ?? "auto", cli.stderr, output);
  const catalogue = new CommandCatalogue(invocation.options, cli, output);
  const { services, environment, signal } = cli;
  try {
    const { run } = await command.load();
    const context = { services, environment, output, progress, catalogue: () => catalogue.open(), signal };
    return await catalogue.recording(command, invocation, async (note) => {
      return await run(await withVaultPassword(invocation, cli), { ...context, note });
    });
  } finally {
    progress.end();
    await catalogue.close();
    for (const [kind, { requests, failures, bytes, seconds }] of cli.services.requestFigures) {
      const details = `${requests} requests, ${failures} failed, ${bytes} bytes, ${seconds.toFixed(3)} s`;
      output.verbose(`repository: ${kind}: ${details}`);
    }
  }
}

/** What only looks at a backup, or writes a script of it, asks no server. */
async function withVaultPassword(invocation: Invocation, cli: CliProcess): Promise<Invocation> {
  const { "password-vault": reference, list, file } = invocation.options;
  if (reference === undefined || list === true || file !== undefined) return invocation;
  const password = await cli.services.readVaultPassword(reference, cli.environment);
  return { ...invocation, options: { ...invocation.options, password: password.reveal() } };
}

/** `--password`, or a URL with one. */
function holdsPassword(argument: string): boolean {
  return /^--password(=|$)/.test(argument) || /:\/\/[^/@:]*:[^/@]+@/.test(argument);
}

/** An interrupted command fails in whatever way it was caught in; the reason is what the user wants to read. */
function report(error: unknown, signal: AbortSignal, output: Output): ExitStatus {
  const reason: unknown = signal.aborted ? signal.reason : error;
  output.error(reason);
  if (signal.aborted && reason !== error) output.verbose(`it ended with: ${String(error)}`);
  return reason instanceof BackupError ? reason.exitStatus : ExitStatus.failed;
}

/** When the command line itself is wrong: as much of it as can be seen without understanding it. */
function settingsBeforeParsing({ args, environment, stderr }: CliProcess): OutputSettings {
  const end = args.indexOf("--");
  const flags = end === -1 ? args : args.slice(0, end);
  return {
    json: flags.includes("--json"),
    quiet: false,
    verbose: flags.includes("--verbose") || flags.includes("-v"),
    color: stderr.isTTY && !environment.NO_COLOR && !flags.includes("--no-color"),
    logFormat: flags.includes("--log-format=json") ? "json" : "text",
  };
}

function settingsOf(options: OptionValues, { stderr }: CliProcess): OutputSettings {
  return {
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    color: stderr.isTTY && options["no-color"] !== true,
    // Events are read by a program: it shall not meet lines of text between them.
    logFormat: options["log-format"] ?? (options.progress === "json" ? "json" : "text"),
  };
}

/** Who pipes us into `head` has seen enough; that is no fault of ours. */
function quietOnBrokenPipe(stream: Writable): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
