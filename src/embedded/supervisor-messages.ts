import type { ThrowawayServer } from "../ports/throwaway-server.ts";

/** What starts the supervisor: its one argument, as JSON. */
export interface SupervisorOrder {
  /** The folder to create (0755), use and remove. Must not exist. */
  readonly folder: string;
  readonly server: PostgresOrder | MysqlOrder;
  /** Bytes of memory that the server's processes may take together. */
  readonly maxMemoryBytes?: number;
}

export interface PostgresOrder {
  readonly kind: "postgres";
  /** The `native/` folder of the server package. */
  readonly programs: string;
  /** Major version of these programs. */
  readonly major: number;
}

export interface MysqlOrder {
  readonly kind: "mysql";
  /** `mysqld` or `mariadbd`. */
  readonly server: string;
  /** MariaDB's `mariadb-install-db`, which makes its data folder; MySQL's server does that itself. */
  readonly install?: string;
}

/** Lines of JSON that the supervisor writes to its standard output. */
export type SupervisorReport =
  /** The server takes connections. */
  | ({ readonly report: "ready" } & Pick<ThrowawayServer, "socketFolder" | "workFolder" | "port" | "user">)
  /** It does not, why, and the last lines of its log. */
  | { readonly report: "failed"; readonly message: string; readonly details: readonly string[] }
  /** It ran, and was stopped for this reason. */
  | { readonly report: "stopped"; readonly message: string }
  /** Answer to {@link keepOrder}: from here on the end of input does not matter. */
  | { readonly report: "kept" };

/** The one line that it obeys on standard input; the end of input stops it, unless it was told to keep. */
export const keepOrder = "keep\n";

/** Name of the folder with the server's socket, in the folder of it all. */
export const socketFolderName = "run";
