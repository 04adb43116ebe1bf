import { join } from "node:path";
import { stagePackage } from "../../scripts/stage-package.ts";
import { askBroker, type SharedKind } from "./test-broker.ts";

/** For `globalSetup`: the package as npm would install it, built from the sources once for a whole test run. */
export function builtPrograms(): SharedKind {
  return {
    async make(_, folder): Promise<string> {
      const staged = join(folder, "package");
      await stagePackage(staged);
      return join(staged, "bin/dbbackup.cjs");
    },
    end: async () => {},
  };
}

let asked: Promise<string> | undefined;

/** The launcher of the program as users install it, which starts in half the time that the sources take. */
export function builtProgram(): Promise<string> {
  asked ??= askBroker("program") as Promise<string>;
  return asked;
}
