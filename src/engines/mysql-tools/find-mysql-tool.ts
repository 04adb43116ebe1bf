import { BackupError } from "../../core/backup-error.ts";
import type { MysqlServerFacts } from "../../wire/mysql/identify-server.ts";
import type { MysqlFlavourName } from "../../wire/mysql/server-capabilities.ts";
import { type FoundTool, shownPlaces, type ToolPlaces, toolsNamed } from "../common/tools/find-tool.ts";
import { type MysqlToolVersion, parseMysqlToolVersion, seriesOf } from "./tool-version.ts";

/** What a program is for; each flavour has names of its own. */
export type MysqlToolKind = "dump" | "client";

export type MysqlTool = FoundTool<string, MysqlToolVersion>;

/** A program, and what is to be said about its choice. */
export interface ChosenTool {
  readonly tool: MysqlTool;
  readonly warnings: readonly string[];
}

/** In the order in which they are looked for: MariaDB still has links by the old names. */
const names: Readonly<Record<MysqlToolKind, Readonly<Record<MysqlFlavourName, readonly string[]>>>> = {
  dump: { mariadb: ["mariadb-dump", "mysqldump"], mysql: ["mysqldump"] },
  client: { mariadb: ["mariadb", "mysql"], mysql: ["mysql"] },
};
const packages = { mariadb: "mariadb-client", mysql: "mysql-client" } as const;
const shownFlavour = { mariadb: "MariaDB", mysql: "MySQL" } as const;

/** The first series of MySQL whose servers only its own programs know: roles, histograms, `caching_sha2_password`. */
const ownProgramsSince = 800;
/** The first series of MySQL's programs that cannot log in with `mysql_native_password`, as servers before 8 want it. */
const withoutNativePassword = 900;

/**
 * The first program that knows the server: of its flavour, and of its series (10.11, 8.4) or newer. For MySQL before 8 those
 * of MariaDB will do, which speak to it and need no newer server, when there is nothing better.
 * @throws BackupError NOT_FOUND naming what was looked for and what was found instead
 */
export async function findMysqlTool(
  kind: MysqlToolKind,
  server: Pick<MysqlServerFacts, "flavour" | "version" | "versionText">,
  places: ToolPlaces,
): Promise<ChosenTool> {
  const passedOver: string[] = [];
  for (const flavour of ["mysql", "mariadb"] as const) {
    if (flavour !== server.flavour && !takesOthers(server)) continue;
    const tool = await firstOf(kind, flavour, server, places, passedOver);
    if (tool === undefined) continue;
    if (tool.version.flavour === server.flavour) return { tool, warnings: [] };
    return {
      tool,
      warnings: [`${tool.name} ${tool.version.text} of MariaDB is used with MySQL ${server.versionText}`],
    };
  }
  const wanted = names[kind][server.flavour].join(" or ");
  throw new BackupError({
    code: "NOT_FOUND",
    message: `there is no ${wanted} ${shownPlaces(places)} for a server of ${shownFlavour[server.flavour]} ${server.versionText}`,
    details: passedOver,
    hint: `install those of ${shownFlavour[server.flavour]} (Debian: package ${packages[server.flavour]}), name their folder with --tools-path, or use --engine native`,
  });
}

async function firstOf(
  kind: MysqlToolKind,
  flavour: MysqlFlavourName,
  server: Pick<MysqlServerFacts, "flavour" | "version">,
  places: ToolPlaces,
  passedOver: string[],
): Promise<MysqlTool | undefined> {
  for (const name of names[kind][flavour]) {
    for await (const tool of toolsNamed(name, places, parseMysqlToolVersion)) {
      const reason = tool.version.flavour === flavour ? unfit(tool.version, server) : otherFlavour(tool);
      if (reason === undefined) return tool;
      passedOver.push(`${tool.path} is ${reason}`);
    }
  }
  return undefined;
}

function unfit(
  { flavour, version, text }: MysqlToolVersion,
  server: Pick<MysqlServerFacts, "flavour" | "version">,
): string | undefined {
  if (flavour !== server.flavour) return undefined;
  if (seriesOf(version) < seriesOf(server.version)) return `version ${text}, which is older than the server`;
  const cannotLogIn = flavour === "mysql" && takesOthers(server) && seriesOf(version) >= withoutNativePassword;
  return cannotLogIn ? `version ${text}, which cannot log in to servers before MySQL 8` : undefined;
}

function otherFlavour({ version }: MysqlTool): string {
  return `version ${version.text} of ${shownFlavour[version.flavour]}`;
}

function takesOthers({ flavour, version }: Pick<MysqlServerFacts, "flavour" | "version">): boolean {
  return flavour === "mysql" && seriesOf(version) < ownProgramsSince;
}
