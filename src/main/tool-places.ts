import { resolve } from "node:path";
import type { ToolPlaces } from "../engines/common/tools/find-tool.ts";
import type { EngineChoice } from "../ports/engine-choice.ts";

/** What a system has when PATH says nothing. */
const usualPath = "/usr/local/bin:/usr/bin:/bin";

/** Where this process finds stock programs. */
export function toolPlaces({ toolsPath }: EngineChoice): ToolPlaces {
  const searchPath = process.env["PATH"] ?? usualPath;
  return { searchPath, ...(toolsPath === undefined ? {} : { folder: resolve(toolsPath) }) };
}
