import { counted } from "../../../core/counted.ts";
import type { ProgressEvent } from "../../../ports/progress.ts";
import { formatBytes, formatDuration } from "../amounts.ts";

/** How far back the rate looks: long enough to be calm, short enough to notice a change. */
const RATE_WINDOW_MS = 10_000;

/** From then on a snapshot begins to matter to the server's vacuum. */
const OLD_SNAPSHOT_SECONDS = 60;

interface Sample {
  readonly time: number;
  readonly bytes: number;
}

/** What the events so far add up to. */
export class ProgressState {
  message = "";
  bytes = 0;
  rows = 0;
  #estimatedBytes = 0;
  #snapshotAt: number | undefined;
  /** What the last event said. */
  #toldLeft: number | undefined;
  #samples: Sample[] = [];
  readonly #now: () => number;

  /** @param now milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
  }

  take(event: ProgressEvent): void {
    if (event.event === "phase") {
      this.message = event.message;
      this.#toldLeft = undefined;
      this.bytes = 0;
      this.rows = 0;
      this.#samples = [{ time: this.#now(), bytes: 0 }];
    } else if (event.event === "estimate") {
      this.#estimatedBytes = event.bytes;
    } else if (event.event === "snapshot") {
      this.#snapshotAt = this.#now();
    } else if (event.event === "progress") {
      this.bytes = event.bytes;
      this.rows = event.rows;
      this.#addSample({ time: this.#now(), bytes: event.bytes });
      this.#toldLeft = event.seconds_left;
    }
  }

  #addSample(sample: Sample): void {
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.time - this.#samples[0]!.time > RATE_WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a second over the last seconds; 0 when unknown. */
  get rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time === first.time) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.time - first.time);
  }

  /** Share of the estimate that is done, below 1 as long as bytes still come; undefined when unknown. */
  get share(): number | undefined {
    if (this.#estimatedBytes <= 0 || this.bytes === 0) return undefined;
    // The estimate comes from the catalogue and is often short of the truth; "100 %" would look finished.
    return Math.min(0.99, this.bytes / this.#estimatedBytes);
  }

  /** Seconds that are left, as the engine tells, or as far as estimate and rate do. */
  get secondsLeft(): number | undefined {
    if (this.#toldLeft !== undefined) return this.#toldLeft;
    if (this.share === undefined || this.rate <= 0 || this.bytes >= this.#estimatedBytes) return undefined;
    return (this.#estimatedBytes - this.bytes) / this.rate;
  }

  get #snapshotSeconds(): number {
    return this.#snapshotAt === undefined ? 0 : (this.#now() - this.#snapshotAt) / 1000;
  }

  /** `12 MiB, 40,000 rows, 5.1 MiB/s, 0:30 left` */
  get amounts(): string {
    const parts: string[] = [];
    if (this.bytes > 0) parts.push(formatBytes(this.bytes));
    if (this.rows > 0) parts.push(counted(this.rows, "row"));
    if (this.rate > 0) parts.push(`${formatBytes(Math.round(this.rate))}/s`);
    const left = this.secondsLeft;
    if (left !== undefined) parts.push(`${formatDuration(left)} left`);
    const age = this.#snapshotSeconds;
    if (age >= OLD_SNAPSHOT_SECONDS) parts.push(`snapshot ${formatDuration(age)} old`);
    return parts.join(", ");
  }
}
