import type { Option } from "./option.ts";

/** Who reads and writes databases. */
export const engineOptions = [
  {
    name: "engine",
    type: "choice",
    values: ["native", "tools", "auto"],
    default: "native",
    config: "general.engine",
    help: "native, or tools: the server's own pg_dump, pg_restore and psql, or mysqldump, mariadb-dump and their clients; auto: tools where native cannot",
    details:
      "The tools must be of the server's major version or newer, and of its flavour. auto uses them only for a server or an object that " +
      "dbbackup names as unsupported, before anything is written, and says so.",
  },
  {
    name: "tools-path",
    type: "text",
    placeholder: "DIR",
    config: "general.tools_path",
    default: "PATH",
    help: "the folder with the server's own programs, for --engine tools and auto",
  },
] as const satisfies readonly Option[];
