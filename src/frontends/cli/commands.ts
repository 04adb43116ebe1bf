import type { Command } from "./command.ts";

/** Every command that is built, in the order of help. What is not here is an unknown command. */
export const commands: readonly Command[] = [
  {
    words: ["demo"],
    summary: "show the main job on an embedded PostgreSQL server with a sample database",
    args: [],
    options: ["keep"],
    details: [
      "Starts a real PostgreSQL server in a temporary folder, reachable over a private Unix socket only, and loads a",
      "sample shop database. When it ends, the server and all its files are gone, unless --keep is given.",
    ],
    load: () => import("./run/demo.ts"),
  },
];
