import { BackupError } from "../../core/backup-error.ts";

const MiB = 1024 * 1024;

/** Of all that is kept of the rows of a sample. */
const LARGEST_SAMPLE_BYTES = 128 * MiB;

/** Memory that the rows of a sample may take. */
export class MemoryBudget {
  readonly #limit: number;
  #taken = 0;

  constructor(limit = LARGEST_SAMPLE_BYTES) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @param bytes negative when they are given back. @throws BackupError UNSUPPORTED_OBJECT when it is too much */
  take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken <= this.#limit) return;
    throw new BackupError({
      code: "UNSUPPORTED_OBJECT",
      message: `what is kept of the sample's rows takes more than ${Math.floor(this.#limit / MiB)} MiB of memory`,
      hint: "take a smaller sample, or back up the whole database",
    });
  }
}
