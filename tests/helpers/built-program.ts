import { join } from "node:path";
import { stagePackage } from "../../scripts/stage-package.ts";
import { askBroker, type SharedKind } from "./test-broker.ts";

/** For `globalSetup`: the package as npm would install it, built from the sources once for a whole test run. */
export function builtPrograms(): SharedKind {
  return {
    async make(_, folder): Promise<BuiltProgram> {
      const staged = join(folder, "package");
      await stagePackage(staged);
      return { path: join(staged, "bin/dbbackup.cjs"), compileCache: join(folder, "compile-cache") };
    },
    end: async () => {},
  };
}

export interface BuiltProgram {
  /** The launcher of the package. */
  readonly path: string;
  /** For NODE_COMPILE_CACHE: the cache of the user who runs the tests shall not fill up with builds. */
  readonly compileCache: string;
}

let asked: Promise<BuiltProgram> | undefined;

/** The program as users install it: it starts in half the time that the sources take. */
export function builtProgram(): Promise<BuiltProgram> {
  asked ??= askBroker("program") as Promise<BuiltProgram>;
  return asked;
}
