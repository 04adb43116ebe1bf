import type { ProgressEvent } from "../../../ports/progress.ts";
import type { ProgressView } from "./progress-view.ts";

/** One JSON object a line, as docs/schemas/progress-event-v1.json says. Warnings are among them. */
export class JsonView implements ProgressView {
  readonly #write: (line: string) => void;
  readonly #clock: () => Date;

  constructor(write: (line: string) => void, clock: () => Date) {
    this.#write = write;
    this.#clock = clock;
  }

  show(event: ProgressEvent): void {
    this.#write(`${JSON.stringify({ version: 1, time: this.#clock().toISOString(), ...event })}\n`);
  }

  clear(): void {}

  end(): void {}
}
