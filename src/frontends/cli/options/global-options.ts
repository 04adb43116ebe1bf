import type { Option } from "./option.ts";

/** Options that every command takes. */
export const globalOptions = [
  {
    name: "help",
    type: "flag",
    environment: false,
    help: "show this help and end",
  },
  {
    name: "version",
    type: "flag",
    environment: false,
    help: "show the version and end",
  },
  {
    name: "repo",
    aliases: ["backup-dir"],
    type: "text",
    placeholder: "DIR|URL",
    default: "./backups",
    config: "repository.url",
    help: "the repository: the folder or bucket (s3://BUCKET/PREFIX, azure://..., gs://..., sftp://...) where backups live",
  },
  {
    name: "repo-option",
    type: "text",
    placeholder: "NAME=VALUE",
    repeatable: true,
    environment: false,
    help: "a parameter of the repository's URL, such as endpoint=https://HOST:PORT or region=REGION; may be given several times",
    details: "The same as behind the question mark of the URL; which there are, docs/storage.md says.",
  },
  {
    name: "json",
    type: "flag",
    config: "output.json",
    help: "print one JSON document on stdout, and nothing else there",
  },
  {
    name: "progress",
    type: "choice",
    values: ["auto", "bar", "plain", "json", "none"],
    default: "auto",
    config: "output.progress",
    help: "how progress is shown, on stderr",
    details:
      "`auto` is `bar` on a terminal and `plain` elsewhere. `json` prints one event a line: `docs/schemas/progress-event-v1.json`.",
  },
  {
    name: "quiet",
    short: "q",
    type: "flag",
    config: "output.quiet",
    conflicts: ["verbose"],
    help: "print nothing but results, warnings and errors",
  },
  {
    name: "verbose",
    short: "v",
    type: "flag",
    config: "output.verbose",
    conflicts: ["quiet"],
    help: "print more about what is done, and stacks of unexpected errors",
  },
  {
    name: "no-color",
    type: "flag",
    environment: "NO_COLOR",
    config: "output.no_color",
    help: "no colours, also when stderr is a terminal",
    details: "As the variable is used everywhere: any value of `NO_COLOR` but the empty one counts.",
  },
  {
    name: "log-format",
    type: "choice",
    values: ["text", "json"],
    default: "text",
    config: "output.log_format",
    help: "how warnings and errors are written on stderr",
  },
] as const satisfies readonly Option[];
