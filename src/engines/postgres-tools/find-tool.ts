import { BackupError } from "../../core/backup-error.ts";
import { type FoundTool, shownPlaces, type ToolPlaces, toolsNamed } from "../common/tools/find-tool.ts";
import { parseToolVersion, type ToolVersion } from "./tool-version.ts";

export type ToolName = "pg_dump" | "pg_restore" | "psql";

/** A program that was found and said its version. */
export type Tool = FoundTool<ToolName, ToolVersion>;

/**
 * The first of these programs on the search path that is of this major version or newer: pg_dump refuses servers that are
 * newer than itself, and pg_restore archives.
 * @throws BackupError NOT_FOUND naming what was looked for and what was found instead
 */
export async function findTool(name: ToolName, atLeast: number, places: ToolPlaces): Promise<Tool> {
  const older: string[] = [];
  for await (const tool of toolsNamed(name, places, parseToolVersion)) {
    if (tool.version.major >= atLeast) return tool;
    older.push(`${tool.path} is version ${tool.version.text}`);
  }
  const where = shownPlaces(places);
  throw new BackupError({
    code: "NOT_FOUND",
    message:
      older.length === 0
        ? `there is no ${name} ${where}, which --engine tools needs`
        : `there is no ${name} ${where} of version ${atLeast} or newer, as the server's is`,
    details: older,
    hint: `install it (Debian: package postgresql-client-${atLeast}), name its folder with --tools-path, or use --engine native`,
  });
}
