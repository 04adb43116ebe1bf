import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import type { DirectoryObject } from "../directory/directory-index.ts";
import type { FailedStatement, FailureLog } from "../restore/failure-log.ts";
import { headOf } from "../script/statement-head.ts";
import type { SalvagedChoice } from "./salvaged-choice.ts";
import { withoutReferences } from "./table-references.ts";

/** What the server says of what needs something that is not there: a table, a routine, a column's table of a view, a sequence. */
const missing = new Set([1146, 1305, 1356, 4091]);
/** Later in an index than what they may need; of other objects it is known what they need. */
const mayNeedOthers: ReadonlySet<DirectoryObject["kind"]> = new Set([
  "view",
  "function",
  "procedure",
  "trigger",
  "event",
]);

type Failures = Pick<FailureLog, "note" | "count">;

/** Makes the objects of a damaged directory as far as they can be without what is damaged. */
export class SalvagedMaking {
  readonly #choice: SalvagedChoice;
  readonly #refused = new Map<DirectoryObject, string>();

  constructor(choice: SalvagedChoice) {
    this.#choice = choice;
  }

  /** What the server would not make without what is damaged, for people. */
  get refused(): readonly string[] {
    return [...this.#refused.values()];
  }

  /** Nothing for a statement that is about a table without its rows. */
  changed(object: DirectoryObject, text: Buffer): Buffer | undefined {
    if (object.kind === "statistics") return this.#isOfLacking(text) ? undefined : text;
    if (object.kind !== "table") return text;
    const keys = this.#choice.foreignKeys.get(object.name);
    const { sequences } = this.#choice;
    if (keys === undefined && sequences.size === 0) return text;
    const given = text.toString("latin1");
    const changed = withoutReferences(given, {
      foreignKey: ({ name }) => keys?.has(name) === true,
      default: ({ sequence }) => sequences.has(sequence),
    });
    return changed === given ? text : Buffer.from(changed, "latin1");
  }

  /** Where failures of an object are noted: those that damage brings about are none. */
  failuresOf(object: DirectoryObject, failures: Failures): Failures {
    if (!this.#choice.lacksObjects || !mayNeedOthers.has(object.kind)) return failures;
    const refused = this.#refused;
    return {
      get count() {
        return failures.count + (refused.has(object) ? 1 : 0);
      },
      note(error: unknown, statement: FailedStatement) {
        if (!(error instanceof MysqlServerError && missing.has(error.number))) return failures.note(error, statement);
        const what = `${object.kind} ${object.name}`;
        const said = `${error.number} (${error.fault.sqlState}): ${shownText(error.fault.message)}`;
        refused.set(object, `${what}: left out, since the server refuses it without what is damaged: error ${said}`);
      },
    };
  }

  #isOfLacking(text: Buffer): boolean {
    const quoted = /^ANALYZE TABLE `((?:[^`]|``)+)` /.exec(headOf(text))?.[1];
    if (quoted === undefined) return false;
    return this.#choice.lacking.has(Buffer.from(quoted.replaceAll("``", "`"), "latin1").toString());
  }
}
