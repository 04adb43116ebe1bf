import { VERIFICATION_SUFFIX } from "../backup-name.ts";
import { type VerificationMark, verificationMark } from "./verification-mark.ts";

/** Most names end so: nothing follows from them for what a backup is worth but that it was looked at. */
const harmless = ["quick", "full"].map((level) => `-${level}-ok${VERIFICATION_SUFFIX}`);
/** So many names are passed over before the place of the next backup is searched among all. */
const REACH = 8;

/**
 * Finds what the names of the records in a repository say of its backups: each name is only read when its backup is asked for. Marks of
 * all would take 25 MiB for 100,000 backups. Quickest for whoever asks for one backup after the other in the order of names.
 */
export class MarkFinder {
  /** Of all records, in the order of UTF-16 units. */
  readonly keys: readonly string[];
  #at = 0;
  #weighty: { readonly proved: ReadonlySet<string>; readonly doubtful: ReadonlySet<string> } | undefined;

  /** @param keys of all that lies in the repository */
  constructor(keys: Iterable<string>) {
    const records: string[] = [];
    for (const key of keys) if (key.endsWith(VERIFICATION_SUFFIX)) records.push(key);
    this.keys = records.toSorted();
  }

  /** @param backup name of its file or folder */
  of(backup: string): readonly VerificationMark[] {
    if (this.keys.length === 0) return none;
    const prefix = `${backup}.`;
    let found: VerificationMark[] | undefined;
    let at = this.#firstFrom(prefix);
    for (; this.keys[at]?.startsWith(prefix) === true; at++) {
      const mark = verificationMark(this.keys[at]!);
      if (mark?.backup !== backup) continue;
      found ??= [];
      found.push(mark);
    }
    this.#at = at;
    return found ?? none;
  }

  /** Names of backups that a restore on trial is said to have brought back, or may be: old names do not tell the outcome. */
  get proved(): ReadonlySet<string> {
    return this.#findWeighty().proved;
  }

  /** Names of backups that damage is said to be found in, or may be. */
  get doubtful(): ReadonlySet<string> {
    return this.#findWeighty().doubtful;
  }

  #findWeighty() {
    if (this.#weighty !== undefined) return this.#weighty;
    const [proved, doubtful] = [new Set<string>(), new Set<string>()];
    for (const key of this.keys) {
      if (harmless.some((end) => key.endsWith(end))) continue;
      const mark = verificationMark(key);
      if (mark === undefined) continue;
      if (mark.level === "restore" && mark.status !== "damaged") proved.add(mark.backup);
      if (mark.status !== "ok") doubtful.add(mark.backup);
    }
    this.#weighty = { proved, doubtful };
    return this.#weighty;
  }

  #firstFrom(text: string): number {
    const keys = this.keys;
    const before = keys[this.#at - 1];
    if (before === undefined || before < text) {
      const end = Math.min(this.#at + REACH, keys.length);
      for (let at = this.#at; at < end; at++) if (keys[at]! >= text) return at;
      if (end === keys.length) return end;
    }
    let [from, to] = [0, keys.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (keys[middle]! < text) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Most backups have none. */
const none: readonly VerificationMark[] = [];
