import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Has V8 collect its garbage now. To be called only where much has just been let go, and little that is new will be made: V8 would wait for
 * as much again, and the memory would stay with the process until then. Takes as long as what is kept needs to be marked.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
}
