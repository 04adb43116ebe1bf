import type { Command } from "../command.ts";

/** What is about the program itself. */
export const programCommands: readonly Command[] = [
  {
    words: ["config", "check"],
    summary: "check a configuration file",
    args: [{ name: "FILE", count: "optional", help: "default: the one that commands would read" }],
    options: [],
    details: [
      "Reads all of it, with all of its profiles, and prints which values commands take from it. Unknown sections and keys are errors.",
    ],
    examples: ["dbbackup config check", "dbbackup config check dbbackup.toml --profile production"],
    readsConfigItself: true,
    load: () => import("../run/config-check.ts"),
  },
  {
    words: ["config", "migrate"],
    summary: "make a configuration file of the .dbbackup.conf of dbbackup 3",
    args: [{ name: "FILE", count: "optional", help: "default: ./.dbbackup.conf" }],
    options: [],
    details: [
      "Prints it; what has no counterpart is told of, with what to do instead. Credentials are not taken over.",
    ],
    examples: ["dbbackup config migrate > dbbackup.toml"],
    readsConfigItself: true,
    load: () => import("../run/config-migrate.ts"),
  },
  {
    words: ["config", "schema"],
    summary: "print the JSON Schema of the configuration file, for editors",
    args: [],
    options: [],
    examples: ["dbbackup config schema > dbbackup.schema.json"],
    readsConfigItself: true,
    load: () => import("../run/config-schema.ts"),
  },
  {
    words: ["completion"],
    summary: "print a script with which a shell completes commands, options and values",
    args: [{ name: "SHELL", count: "one", help: "bash, zsh or fish" }],
    options: [],
    details: ["The script is made of the tables of this version: print it again after an update."],
    examples: [
      "dbbackup completion bash > ~/.local/share/bash-completion/completions/dbbackup",
      "dbbackup completion zsh > ~/.zfunc/_dbbackup   # a folder of fpath",
      "dbbackup completion fish > ~/.config/fish/completions/dbbackup.fish",
    ],
    readsConfigItself: true,
    load: () => import("../run/completion.ts"),
  },
  {
    words: ["demo"],
    summary: "show the main job on a server of its own with a sample database",
    args: [],
    options: ["keep", "db-type"],
    details: [
      "Starts a real PostgreSQL server in a temporary folder, reachable over a private Unix socket only, and loads a",
      "sample shop database. When it ends, the server and all its files are gone, unless --keep is given. With --db-type mysql",
      "or mariadb it is the server whose program is on PATH.",
    ],
    load: () => import("../run/demo.ts"),
  },
];
