import type { WriteStream } from "node:tty";
import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressEvent, ProgressSink } from "../../../ports/progress.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";
import { BarView } from "./bar-view.ts";
import { JsonView } from "./json-view.ts";
import { PlainView } from "./plain-view.ts";
import type { ProgressView } from "./progress-view.ts";

export type ProgressStyle = NonNullable<OptionValues["progress"]>;

/** Progress of one command, shown as `--progress` says; `end` takes the bar away. */
export interface ShownProgress extends ProgressSink {
  end(): void;
}

/** @param stream stderr */
export function openProgress(style: ProgressStyle, stream: WriteStream, output: Output): ShownProgress {
  const view = openView(resolveStyle(style, stream, output), stream);
  output.clearProgress = () => view?.clear();
  return {
    emit(event: ProgressEvent): void {
      // Whoever reads events reads warnings as events; everybody else reads them in the log, even with --progress none.
      if (event.event === "warning" && !(view instanceof JsonView)) output.warn(event.message, event);
      else view?.show(event);
    },
    end(): void {
      view?.end();
    },
  };
}

function resolveStyle(style: ProgressStyle, stream: WriteStream, output: Output): Exclude<ProgressStyle, "auto"> {
  if (style !== "auto") return style;
  if (output.settings.quiet) return "none";
  return stream.isTTY && output.settings.logFormat === "text" ? "bar" : "plain";
}

function openView(style: Exclude<ProgressStyle, "auto">, stream: WriteStream): ProgressView | undefined {
  const write = (line: string): void => void stream.write(line);
  switch (style) {
    case "none":
      return undefined;
    case "bar":
      return new BarView(stream, monotonic);
    case "plain":
      return new PlainView(write, monotonic);
    case "json":
      return new JsonView(write, () => new Date());
    default:
      return style satisfies never;
  }
}
