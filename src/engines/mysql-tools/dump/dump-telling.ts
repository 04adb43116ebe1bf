import type { ProgressSink } from "../../../ports/progress.ts";
import { DumpingProgress } from "../../common/tools/dumping-progress.ts";

const tableLine = /^Retrieving table structure for table (?<table>.*)\.\.\.$/;

/** Tells what a dump by a program does, and gathers what it warns of. */
export class ToolDumpTelling {
  readonly warnings: string[] = [];
  readonly progress: DumpingProgress;
  readonly #sink: ProgressSink;

  constructor(sink: ProgressSink) {
    this.#sink = sink;
    this.progress = new DumpingProgress(sink, tableLine);
  }

  phase(phase: string, message: string): void {
    this.#sink.emit({ event: "phase", phase, message });
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.#sink.emit({ event: "warning", message });
  }
}
