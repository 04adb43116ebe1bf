import type { Services } from "../ports/services.ts";
import { version } from "./version.ts";

/** Joins the adapters. Each is imported only when somebody asks for it. */
export function createServices(): Services {
  return {
    clock: { now: () => new Date(), monotonic: () => performance.now() },
    tool: { name: "dbbackup", version },
  };
}
