import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { matchesName } from "../core/name-pattern.ts";
import { isStorageUrl } from "../core/storage-url.ts";
import { uuidV7 } from "../core/uuid-v7.ts";
import { withoutCredentials } from "../core/without-credentials.ts";
import type {
  Catalogue,
  KnownRepository,
  Operation,
  OperationEnd,
  OperationStart,
  OperationsWish,
  Outcome,
} from "../ports/catalogue.ts";
import { catalogueError, damagedCatalogue } from "./catalogue-error.ts";
import { KnownObjects } from "./known-objects.ts";
import { openDatabase } from "./open-database.ts";
import { isAlive, machineName, type ProcessName, thisProcess } from "./this-process.ts";

/** Operations that are kept: with ten an hour, the last eleven years. */
const MAX_OPERATIONS = 1_000_000;
/** Longest message that is kept; the rest says nothing more. */
const MAX_MESSAGE = 2000;

const columns = [
  "id, command, database, repository, started, process, duration_seconds, outcome",
  "error_code, error, bytes, backup_id",
].join(", ");

/** The catalogue in a file of SQLite. */
export class SqliteCatalogue implements Catalogue {
  readonly location: string;
  readonly #database: DatabaseSync;
  /** Version of the program: another one may read the same file in another way. */
  readonly #reader: string;

  /** @throws BackupError as `openDatabase` */
  constructor(path: string, reader: string) {
    this.location = resolve(path);
    this.#reader = reader;
    this.#database = openDatabase(path);
    try {
      this.#try(() => this.#settle());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  beginOperation({ command, startedAt, database, repository }: OperationStart): string {
    const id = uuidV7(startedAt);
    return this.#try(() => {
      this.#run(
        "insert into operations (id, command, database, repository, started, process) values (?, ?, ?, ?, ?, ?)",
        [
          id,
          command,
          database ?? null,
          repository === undefined ? null : shownLocation(repository),
          startedAt.getTime(),
          JSON.stringify(thisProcess()),
        ],
      );
      this.#run(
        "delete from operations where id in (select id from operations order by started desc limit -1 offset ?)",
        [MAX_OPERATIONS],
      );
      return id;
    });
  }

  endOperation(id: string, end: OperationEnd): void {
    this.#try(() =>
      this.#run(
        `update operations set outcome = ?, duration_seconds = ?, error_code = ?, error = ?, bytes = ?, backup_id = ?,
           database = coalesce(?, database) where id = ?`,
        [
          end.outcome,
          end.durationSeconds,
          end.errorCode ?? null,
          end.error?.slice(0, MAX_MESSAGE) ?? null,
          end.bytes ?? null,
          end.backupId ?? null,
          end.database ?? null,
          id,
        ],
      ),
    );
  }

  operations({ databases, failed = false, since, limit }: OperationsWish): readonly Operation[] {
    const query = `select ${columns} from operations where (?1 is null or started >= ?1)
      and (not ?2 or outcome is null or outcome in ('failed', 'partial', 'damaged'))
      order by started desc, id desc`;
    const isWanted = ({ state, database }: Operation): boolean =>
      !(failed && state === "running") &&
      (databases?.some((pattern) => database !== undefined && matchesName(pattern, database)) ?? true);
    return this.#try(() => {
      const found: Operation[] = [];
      for (const row of this.#prepare(query).iterate(since?.getTime() ?? null, failed ? 1 : 0)) {
        if (found.length >= limit) break;
        const operation = operationOf(row);
        if (isWanted(operation)) found.push(operation);
      }
      return found;
    });
  }

  repository(location: string): KnownRepository {
    const shown = shownLocation(location);
    const identity = identityOf(location);
    return this.#try(() => {
      this.#run("insert into repositories (identity, location) values (?, ?) on conflict (identity) do nothing", [
        identity,
        shown,
      ]);
      const row = this.#prepare("select id from repositories where identity = ?").get(identity);
      return new KnownObjects(this.#database, Number(row?.["id"]), this.#reader, this.location);
    });
  }

  repositories(): readonly string[] {
    return this.#try(() =>
      this.#prepare("select distinct location from repositories order by location")
        .all()
        .map((row) => String(row["location"])),
    );
  }

  forgetRepositories(): void {
    this.#try(() => this.#run("delete from repositories", []));
  }

  check(): void {
    const found = this.#try(() => this.#prepare("pragma integrity_check(1)").get()?.["integrity_check"]);
    if (found !== "ok") throw damagedCatalogue(this.location, String(found));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** What was read in folders of another machine tells nothing of those that have the same names here. */
  #settle(): void {
    const here = machineName();
    const there = this.#prepare("select id from machine").get()?.["id"];
    if (there === here) return;
    this.#database.exec("begin immediate");
    try {
      if (there !== undefined) this.#run("delete from repositories", []);
      this.#run("insert or replace into machine (only, id) values (1, ?)", [here]);
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  #prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  #run(sql: string, values: readonly SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw catalogueError(error, this.location);
    }
  }
}

function shownLocation(location: string): string {
  return isStorageUrl(location) ? withoutCredentials(location) : resolve(location);
}

/** Two services may have buckets of one name: parameters tell them apart, and are kept as a hash only. */
function identityOf(location: string): string {
  const named = isStorageUrl(location) ? location.replace(/^([^:]+:\/\/[^/@:]*):[^/@]*@/, "$1@") : resolve(location);
  return createHash("sha256").update(named).digest("hex");
}

function operationOf(row: Readonly<Record<string, unknown>>): Operation {
  const outcome = row["outcome"] as Outcome | null;
  return {
    id: String(row["id"]),
    command: String(row["command"]),
    startedAt: new Date(Number(row["started"])),
    state: outcome ?? (isAlive(JSON.parse(String(row["process"])) as ProcessName) ? "running" : "lost"),
    ...textField("database", row["database"]),
    ...textField("repository", row["repository"]),
    ...numberField("durationSeconds", row["duration_seconds"]),
    ...textField("errorCode", row["error_code"]),
    ...textField("error", row["error"]),
    ...numberField("bytes", row["bytes"]),
    ...textField("backupId", row["backup_id"]),
  };
}

function textField<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: string } {
  return typeof value === "string" ? ({ [name]: value } as { readonly [N in Name]: string }) : {};
}

function numberField<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: number } {
  return typeof value === "number" ? ({ [name]: value } as { readonly [N in Name]: number }) : {};
}
