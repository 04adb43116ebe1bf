import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { BriefTexts } from "../core/metadata/brief-metadata.ts";
import type { KnownRepository, RememberedObject } from "../ports/catalogue.ts";
import type { StoredObject } from "../ports/storage.ts";
import { catalogueError } from "./catalogue-error.ts";
import { type KnownRow, KnownRows } from "./known-rows.ts";

/** An object that is younger may be replaced by another one with the same size and time: some storages tell seconds only. */
const YOUNG_MS = 2000;

/** What was read of the objects of one repository. */
export class KnownObjects implements KnownRepository {
  readonly #database: DatabaseSync;
  readonly #repository: number;
  readonly #reader: string;
  readonly #location: string;
  readonly #texts: KnownRows;
  readonly #briefs: KnownRows;

  constructor(database: DatabaseSync, repository: number, reader: string, location: string) {
    this.#database = database;
    this.#repository = repository;
    this.#reader = reader;
    this.#location = location;
    this.#texts = new KnownRows(database, repository, reader, { table: "objects", repeated: "''", own: "text" });
    this.#briefs = new KnownRows(database, repository, reader, { table: "briefs", repeated: "common", own: "own" });
  }

  textOf(object: StoredObject): string | undefined {
    const text = this.#rowOf(object, this.#texts)?.[5];
    return typeof text === "string" ? text : undefined;
  }

  briefOf(object: StoredObject): BriefTexts | undefined {
    const row = this.#rowOf(object, this.#briefs);
    return row === undefined ? undefined : { common: this.#briefs.repeatedOf(row), own: String(row[5]) };
  }

  #rowOf({ key, size, modified }: StoredObject, rows: KnownRows): KnownRow | undefined {
    const row = this.#try(() => rows.of(key));
    if (row === undefined) return undefined;
    return row[1] === size && row[2] === modified.getTime() && row[3] === null ? row : undefined;
  }

  remember(read: readonly RememberedObject[]): void {
    if (read.length === 0) return;
    this.#forgetRows();
    this.#inTransaction(() => {
      const insertText = this.#database.prepare(
        "insert or replace into objects (repository, key, size, modified, reader, text) values (?, ?, ?, ?, ?, ?)",
      );
      const insertBrief = this.#database.prepare(
        "insert or replace into briefs (repository, key, size, modified, reader, common, own) values (?, ?, ?, ?, ?, ?, ?)",
      );
      const old = Date.now() - YOUNG_MS;
      for (const { object, text, brief } of read) {
        const time = object.modified.getTime();
        if (time > old) continue;
        const which = [this.#repository, object.key, object.size, time, this.#reader] as const;
        if (text !== undefined) insertText.run(...which, text);
        insertBrief.run(...which, brief.common, brief.own);
      }
    });
  }

  keepOnly(keys: Pick<ReadonlySet<string>, "has">): void {
    // Where each line was asked for just now, none is of what is gone. To look at the keys of all takes ten times as long.
    if (this.#count() === this.#briefs.found) return;
    this.#forgetRows();
    const all = this.#database.prepare("select key from briefs where repository = ?");
    all.setReturnArrays(true);
    const gone = this.#try(() => {
      const found: string[] = [];
      for (const row of all.iterate(this.#repository) as Iterable<unknown> as Iterable<readonly SQLOutputValue[]>) {
        const key = String(row[0]);
        if (!keys.has(key)) found.push(key);
      }
      return found;
    });
    if (gone.length === 0) return;
    this.#inTransaction(() => {
      for (const table of ["objects", "briefs"]) {
        const remove = this.#database.prepare(`delete from ${table} where repository = ? and key = ?`);
        for (const key of gone) remove.run(this.#repository, key);
      }
    });
  }

  #count(): number {
    return this.#try(() => {
      const row = this.#database
        .prepare("select count(*) as lines from briefs where repository = ?")
        .get(this.#repository);
      return Number(row?.["lines"]);
    });
  }

  #forgetRows(): void {
    this.#texts.forget();
    this.#briefs.forget();
  }

  #inTransaction(work: () => void): void {
    this.#try(() => {
      this.#database.exec("begin immediate");
      try {
        // Another process may have forgotten the repository meanwhile: then nothing is remembered of it.
        if (this.#isKnown()) work();
        this.#database.exec("commit");
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("rollback");
        throw error;
      }
    });
  }

  #isKnown(): boolean {
    return this.#database.prepare("select 1 from repositories where id = ?").get(this.#repository) !== undefined;
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw catalogueError(error, this.#location);
    }
  }
}
