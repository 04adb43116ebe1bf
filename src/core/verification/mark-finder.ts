import { VERIFICATION_SUFFIX } from "../backup-name.ts";
import { type VerificationMark, verificationMark } from "./verification-mark.ts";

/**
 * Finds what the names of the records in a repository say of a few of its backups: the names are only read of those that are asked
 * for. Marks of all would take 25 MiB for 100,000 backups.
 */
export class MarkFinder {
  /** In the order of UTF-16 units. */
  readonly #keys: readonly string[];

  /** @param keys of all that lies in the repository */
  constructor(keys: Iterable<string>) {
    const records: string[] = [];
    for (const key of keys) if (key.endsWith(VERIFICATION_SUFFIX)) records.push(key);
    this.#keys = records.toSorted();
  }

  /** @param backup name of its file or folder */
  of(backup: string): readonly VerificationMark[] {
    const prefix = `${backup}.`;
    const found: VerificationMark[] = [];
    for (let at = this.#firstFrom(prefix); this.#keys[at]?.startsWith(prefix) === true; at++) {
      const mark = verificationMark(this.#keys[at]!);
      if (mark?.backup === backup) found.push(mark);
    }
    return found;
  }

  #firstFrom(text: string): number {
    let [from, to] = [0, this.#keys.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#keys[middle]! < text) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
