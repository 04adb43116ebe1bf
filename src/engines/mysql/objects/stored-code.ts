import { scriptSqlMode } from "../dump/script-frame.ts";
import type { ScriptWriter } from "../dump/script-writer.ts";
import { quoteText } from "../quote.ts";
import type { DefinerChanger } from "../script/definer-changer.ts";
import { characterLengths } from "../script/multi-byte.ts";
import type { ShownObject } from "./show-create.ts";

/** What stored code was made under, and works under for ever. */
interface Circumstances {
  readonly sqlMode: string;
  readonly characterSetClient: string;
  readonly collationConnection: string;
  readonly timeZone: string;
  readonly databaseCollation: string;
}

/** Writes statements that hold stored code, each under the settings that it was made under. */
export class StoredCodeWriter {
  readonly #writer: ScriptWriter;
  readonly #definers: DefinerChanger;
  readonly #database: Circumstances;
  #current: Circumstances;

  /** @param databaseCollation the one that the database has when the script comes here */
  constructor(writer: ScriptWriter, databaseCollation: string, definers: DefinerChanger) {
    this.#writer = writer;
    this.#definers = definers;
    this.#database = {
      sqlMode: scriptSqlMode,
      characterSetClient: "utf8mb4",
      collationConnection: "",
      timeZone: "+00:00",
      databaseCollation,
    };
    this.#current = this.#database;
  }

  /** @param before statements without code that stand before it, `DROP ...` */
  async write(object: ShownObject, before: readonly string[]): Promise<void> {
    const usual = this.#database;
    const own: Circumstances = {
      sqlMode: object.field("sql_mode") ?? usual.sqlMode,
      characterSetClient: object.field("character_set_client") ?? usual.characterSetClient,
      collationConnection: object.field("collation_connection") ?? usual.collationConnection,
      timeZone: object.field("time_zone") ?? usual.timeZone,
      databaseCollation: object.field("Database Collation") ?? usual.databaseCollation,
    };
    // Packages are dropped in their own sql_mode only; names in these statements are in UTF-8.
    const { characterSetClient, collationConnection } = usual;
    const isUnicode = own.characterSetClient.startsWith("utf8");
    await this.#change(isUnicode ? own : { ...own, characterSetClient, collationConnection });
    for (const statement of before) await this.#writer.write(statement, statement.trim() === "" ? "" : ";\n");
    await this.#change(own);
    const create = await this.#definers.change(object.create, this.#current.characterSetClient);
    const delimiter = delimiterFor(create);
    await this.#writer.write(`DELIMITER ${delimiter}\n`, create, ` ${delimiter}\nDELIMITER ;\n`);
  }

  /** Back to what holds in the rest of the script. */
  async end(): Promise<void> {
    await this.#change(this.#database);
  }

  async #change(to: Circumstances): Promise<void> {
    const from = this.#current;
    this.#current = to;
    const { characterSetClient, collationConnection } = to;
    if (characterSetClient !== from.characterSetClient || collationConnection !== from.collationConnection) {
      // The stock clients would take the second bytes of some characters for backslashes.
      const hasTraps = [characterSetClient, from.characterSetClient].some(
        (name) => characterLengths(name) !== undefined,
      );
      if (hasTraps) await this.#writer.write(`/*!\\C ${characterSetClient} */;\n`);
      await this.#writer.write(`SET NAMES ${characterSetClient}`);
      await this.#writer.write(collationConnection === "" ? ";\n" : ` COLLATE ${collationConnection};\n`);
    }
    if (to.sqlMode !== from.sqlMode) await this.#writer.write(`SET SESSION sql_mode = ${quoteText(to.sqlMode)};\n`);
    if (to.timeZone !== from.timeZone) await this.#writer.write(`SET SESSION time_zone = ${quoteText(to.timeZone)};\n`);
    if (to.databaseCollation !== from.databaseCollation) {
      await this.#writer.write(`ALTER DATABASE COLLATE ${to.databaseCollation};\n`);
    }
  }
}

/** Longer than any run of semicolons in the text: clients look for it everywhere but in quotes and comments. */
function delimiterFor(text: Buffer): string {
  const runs = text.toString("latin1").match(/;+/g) ?? [];
  return ";".repeat(
    Math.max(
      2,
      runs.reduce((longest, run) => Math.max(longest, run.length + 1), 0),
    ),
  );
}
