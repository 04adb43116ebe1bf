// A reporter of vitest that keeps `unfinished.txt` in the folder that REPORTS names: a line for each test, and for each file between its
// tests, that has begun and not ended. A run that is stopped from outside tells nothing else of what it was stopped in.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export default class UnfinishedTests {
  #begun = new Map();
  #file = join(process.env.REPORTS, "unfinished.txt");

  onTestModuleStart(module) {
    this.#note(module.id, module.relativeModuleId);
  }

  onTestModuleEnd(module) {
    this.#note(module.id);
  }

  onTestCaseReady(test) {
    this.#note(test.id, `${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestCaseResult(test) {
    this.#note(test.id);
  }

  #note(id, name) {
    if (name === undefined) this.#begun.delete(id);
    else this.#begun.set(id, `${name} (since ${new Date().toISOString()})`);
    writeFileSync(this.#file, [...this.#begun.values()].map((line) => `${line}\n`).join(""));
  }
}
