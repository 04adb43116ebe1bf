import { BackupError } from "../../core/backup-error.ts";
import type { ExitStatus } from "../../core/exit-status.ts";
import type { Catalogue, OperationNotes } from "../../ports/catalogue.ts";
import type { CliContext } from "./cli-context.ts";
import type { Command, Invocation } from "./command.ts";
import type { OptionValues } from "./options/options.ts";
import type { Output } from "./output.ts";

/** `--catalogue none` */
const NONE = "none";

type Opening = Pick<CliContext, "services" | "environment" | "signal">;
type Work = (note: (notes: OperationNotes) => void) => Promise<ExitStatus>;

/** The catalogue of one run of a command: opened once, when somebody asks, and no reason for the command to fail. */
export class CommandCatalogue {
  readonly #options: OptionValues;
  readonly #opening: Opening;
  readonly #output: Output;
  #opened: Promise<Catalogue | undefined> | undefined;

  constructor(options: OptionValues, opening: Opening, output: Output) {
    this.#options = options;
    this.#opening = opening;
    this.#output = output;
  }

  /** Undefined for none, and when it cannot be used, which is told once. */
  open(): Promise<Catalogue | undefined> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Runs a command; what it does is written down, if it is one of those. */
  async recording(command: Command, { args, options }: Invocation, work: Work): Promise<ExitStatus> {
    // What only looks is no operation.
    const isDry = options["dry-run"] === true || options.list === true;
    const catalogue = command.isRecorded === true && !isDry ? await this.open() : undefined;
    if (catalogue === undefined) return await work(() => {});
    const [{ recordOperation }, { hasKeys, keySources }, { repositoryOf }] = await Promise.all([
      import("../../commands/catalogue/record-operation.ts"),
      import("./key-sources.ts"),
      import("./repository-option.ts"),
    ]);
    const isBackup = command.words[0] === "backup";
    const [database] = isBackup ? args : [];
    const start = {
      command: command.words.join(" "),
      isSealed: options.encrypt === true || hasKeys(keySources(options)),
      ...(database === undefined ? {} : { database }),
      ...(isBackup && options.output !== undefined ? {} : { repository: repositoryOf(options) }),
    };
    const { services, signal } = this.#opening;
    return await recordOperation(start, catalogue, services.clock, signal, work);
  }

  async close(): Promise<void> {
    (await this.#opened)?.close();
  }

  async #open(): Promise<Catalogue | undefined> {
    const place = this.#options.catalogue;
    if (place === NONE) return undefined;
    const { services, environment } = this.#opening;
    try {
      const { CarefulCatalogue } = await import("../../commands/catalogue/careful-catalogue.ts");
      return new CarefulCatalogue(await services.openCatalogue(place, environment), (error) => this.#tell(error));
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      this.#tell(error);
      return undefined;
    }
  }

  #tell({ message, object, hint }: BackupError): void {
    this.#output.warn(`${message}: the command goes on without it`, {
      ...(object === undefined ? {} : { object }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
