import { sameButForCase } from "../../../core/same-but-for-case.ts";
import type { Finding, FindingCode, RestoreRequest } from "../../../ports/restore.ts";
import { versionNumber } from "../../../wire/mysql/identify-server.ts";
import { quoteName } from "../quote.ts";
import { readOnlyServer } from "./read-only.ts";
import type { ScriptFacts } from "./scan-script.ts";
import type { Demand } from "./statement-demands.ts";
import type { TargetFacts } from "./target-facts.ts";

/** What is known of a script that cannot be read before it is run. */
export type KnownFacts = Pick<ScriptFacts, "demands" | "serverVersion" | "longest" | "drops" | "needsTrust">;

export interface CheckedScript {
  readonly target: string;
  readonly request: RestoreRequest;
  readonly facts: KnownFacts | undefined;
  readonly storedBytes: number;
  /** Tables, views and sequences that are made or filled. */
  readonly relations: Iterable<string>;
}

/** Nothing of the backup would be whole. */
const failsAll: ReadonlySet<FindingCode> = new Set([
  "disk-space",
  "target-missing",
  "target-exists",
  "needs-trust",
  "read-only",
  "same-name",
]);
const shownReasons = 20;
const shownNames = 5;

/** What would make the restore of a script fail or differ. Pure. */
export function preCheckScript(script: CheckedScript, server: TargetFacts): Finding[] {
  const { facts, request } = script;
  const findings = [
    ...readOnlyFindings(script, server),
    ...trustFindings(script),
    ...targetFindings(script, server),
    ...nameFindings(script, server),
    ...diskFindings(script, server),
    ...(facts === undefined ? [] : [...flavourFindings(facts, server), ...lengthFindings(facts, server)]),
    ...(facts === undefined ? [] : demandFindings(withDefiner(facts.demands, request.definer), server)),
  ];
  // What only fails single statements is no reason not to begin.
  return findings.map((finding) =>
    request.onError === "continue" && !failsAll.has(finding.code) ? { ...finding, severity: "warning" } : finding,
  );
}

function* readOnlyFindings({ target }: CheckedScript, server: TargetFacts): Generator<Finding> {
  const finding = readOnlyServer(server.server, server.privileges);
  if (finding !== undefined) yield finding;
  if (!server.isTargetReadOnly) return;
  yield {
    code: "read-only",
    severity: "error",
    message: `database "${target}" is read-only`,
    solution: `ALTER DATABASE ${quoteName(target)} READ ONLY = 0, or restore into another database with --target`,
  };
}

/** The second of them would come in the place of the first, or not at all. */
function* nameFindings({ relations }: CheckedScript, { server }: TargetFacts): Generator<Finding> {
  const setting = server.variables.get("lower_case_table_names");
  if (setting === undefined || setting === "0") return;
  const groups = sameButForCase(relations);
  if (groups.length === 0) return;
  const listed = groups.slice(0, shownNames).map((names) => names.map((name) => `"${name}"`).join(" and "));
  const more = groups.length > shownNames ? `, and ${groups.length - shownNames} more` : "";
  yield {
    code: "same-name",
    severity: "error",
    subject: "lower_case_table_names",
    message: `names that differ in capitals only are one on this server (lower_case_table_names = ${setting}): ${listed.join(", ")}${more}`,
    solution:
      "restore on a server with lower_case_table_names = 0, rename them before the backup, or restore a directory in parts with --table",
  };
}

function* trustFindings({ facts, request }: CheckedScript): Generator<Finding> {
  if (!request.untrusted) return;
  const solution = "restore without --untrusted if you trust who made this backup";
  const reasons = facts?.needsTrust ?? ["standard input cannot be looked at before it is run"];
  const more = reasons.length - shownReasons;
  const shown = more > 0 ? [...reasons.slice(0, shownReasons), `${more} more statements need trust`] : reasons;
  for (const message of shown) yield { code: "needs-trust", severity: "error", message, solution };
}

function* targetFindings({ target, request, facts }: CheckedScript, server: TargetFacts): Generator<Finding> {
  const { targetExists, privileges, account, tables, others } = server;
  const mayCreate = privileges === undefined || privileges.has("CREATE") || privileges.has("ALL PRIVILEGES");
  if (request.create && !targetExists && !mayCreate) {
    yield {
      code: "cannot-create-database",
      severity: "warning",
      message: `user "${account}" may not create any database`,
      solution: `grant it (GRANT CREATE ON *.* TO ...) unless it has the right on "${target}" alone`,
    };
  }
  if (!targetExists) {
    if (!request.create) {
      yield {
        code: "target-missing",
        severity: "error",
        message: `database "${target}" does not exist`,
        solution: "add --create, or name an existing one with --target",
      };
    }
    return;
  }
  if (request.create && request.clean) {
    yield notEmpty(`database "${target}" exists, and --clean with --create drops all of it`);
  } else if (request.create) {
    yield {
      code: "target-exists",
      severity: "error",
      message: `database "${target}" exists already`,
      solution: `${request.journal === "new" ? "go on with --resume if its restore was interrupted, " : ""}leave out --create to restore into it, add --clean to drop it first, or name another with --target`,
    };
  } else if (tables + others > 0) {
    const drops = facts?.drops.has(target) === true ? ", and the script drops it" : "";
    yield notEmpty(
      `database "${target}" is not empty (${tables} tables and views, ${others} routines and events)${drops}`,
    );
  }
}

function notEmpty(message: string): Finding {
  return {
    code: "target-not-empty",
    severity: "warning",
    message,
    solution: "add --confirm if this is what you want, or restore into another database with --target",
  };
}

function* diskFindings({ request, storedBytes }: CheckedScript, { freeBytes }: TargetFacts): Generator<Finding> {
  const needed = request.plainBytes ?? storedBytes;
  if (freeBytes === undefined || needed <= freeBytes) return;
  yield {
    code: "disk-space",
    severity: "error",
    message: `the backup holds ${needed} bytes, and ${freeBytes} are free where the server keeps its data`,
    solution: "make room, or restore on another server",
  };
}

function* flavourFindings({ serverVersion }: KnownFacts, { server }: TargetFacts): Generator<Finding> {
  const version = versionNumber(serverVersion);
  if (version === undefined) return;
  const flavour = /mariadb/i.test(serverVersion) ? "mariadb" : "mysql";
  if (flavour !== server.flavour) {
    yield {
      code: "other-flavour",
      severity: "warning",
      subject: serverVersion,
      message: `the backup is of ${shown[flavour]} ${serverVersion}, and the server is ${shown[server.flavour]} ${server.versionText}: what only the other one knows is left out, fails or means something else`,
      solution: `restore on a server of ${shown[flavour]} to have all of it`,
    };
  } else if (Math.floor(version / 100) > Math.floor(server.version / 100)) {
    yield {
      code: "older-server",
      severity: "warning",
      subject: serverVersion,
      message: `the backup is of a newer server (${serverVersion}) than this one (${server.versionText})`,
      solution: "restore on a server of that version or later, or expect what this one does not know to fail",
    };
  }
}

const shown = { mysql: "MySQL", mariadb: "MariaDB" } as const;

function* lengthFindings({ longest }: KnownFacts, { maxPacket }: TargetFacts): Generator<Finding> {
  if (maxPacket === 0 || longest.bytes < maxPacket) return;
  yield {
    code: "large-statement",
    severity: "error",
    message: `the statement on ${placeOf(longest)}${longest.table === undefined ? "" : `, rows of table "${longest.table}",`} has ${longest.bytes} bytes, and the server takes ${maxPacket - 1} (max_allowed_packet)`,
    solution:
      "raise it for all sessions that begin afterwards (SET GLOBAL max_allowed_packet = 1073741824), or restore a backup of format directory, whose rows need not fit",
  };
}

/** @param file of a backup of several scripts */
function placeOf({ line, file }: { readonly line: number; readonly file?: string }): string {
  return file === undefined ? `line ${line}` : `line ${line} of ${file}`;
}

/** What the statements demand once they name the definer that was chosen. */
function withDefiner(demands: readonly Demand[], definer: RestoreRequest["definer"] = "keep"): readonly Demand[] {
  if (definer === "keep") return demands;
  const others = demands.filter(({ kind }) => kind !== "definer");
  const first = demands.find(({ kind }) => kind === "definer");
  if (definer === "loader" || first === undefined) return others;
  const name = definer.host === undefined ? definer.user : `${definer.user}@${definer.host}`;
  return [...others, { ...first, name }];
}

function* demandFindings(demands: readonly Demand[], server: TargetFacts): Generator<Finding> {
  const of = (kind: Demand["kind"]): Demand[] => demands.filter((demand) => demand.kind === kind);
  const missing = (kind: Demand["kind"], known: ReadonlySet<string>): Demand[] =>
    of(kind).filter(({ name }) => !known.has(name));
  for (const { name, ...place } of missing("collation", server.collations)) {
    yield {
      code: "missing-collation",
      severity: "error",
      subject: name,
      message: `the server does not know the collation "${name}" (${placeOf(place)})`,
      solution: "restore on a server that has it, or dump from one with collations that both have",
    };
  }
  for (const { name, ...place } of missing("character set", server.characterSets)) {
    yield {
      code: "encoding",
      severity: "error",
      subject: name,
      message: `the server does not know the character set "${name}" (${placeOf(place)})`,
      solution: "restore on a server that has it",
    };
  }
  for (const { name, ...place } of missing("engine", server.engines)) {
    yield {
      code: "missing-engine",
      severity: "warning",
      subject: name,
      message: `the server has no storage engine "${name}" (${placeOf(place)}): it refuses such tables, or takes its default engine`,
      solution: "install the engine's plugin, or look at these tables afterwards",
    };
  }
  yield* definerFindings(of("definer"), server);
  yield* settingFindings(of, server);
}

function* definerFindings(definers: readonly Demand[], server: TargetFacts): Generator<Finding> {
  const { accounts, account, privileges } = server;
  for (const { name, ...place } of definers) {
    if (accounts === undefined || isAccount(name, accounts) || name.toUpperCase() === "CURRENT_USER") continue;
    yield {
      code: "missing-role",
      severity: "warning",
      subject: name,
      message: `the definer "${name}" (${placeOf(place)}) does not exist on the server: what it defines fails when it is used`,
      solution: "create that account, or restore with --skip-definer or --definer",
    };
  }
  const other = definers.find(({ name }) => name !== account);
  const may = ["ALL PRIVILEGES", "SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"];
  if (other === undefined || privileges === undefined || may.some((name) => privileges.has(name))) return;
  yield {
    code: "not-superuser",
    severity: "error",
    message: `user "${account}" may not define objects for "${other.name}" (${placeOf(other)})`,
    solution:
      "restore as a user with SET_ANY_DEFINER (older servers: SET_USER_ID, SET USER or SUPER), or with --skip-definer",
  };
}

/** A bare name is a role of MariaDB, which is listed without a host, or a user from any host. */
function isAccount(name: string, accounts: ReadonlySet<string>): boolean {
  return [name, `${name}@`, `${name}@%`].some((account) => accounts.has(account));
}

function* settingFindings(
  of: (kind: Demand["kind"]) => Demand[],
  { server, privileges }: TargetFacts,
): Generator<Finding> {
  const { variables } = server;
  const isOn = (name: string): boolean => /^(?:ON|1)$/.test(variables.get(name) ?? "");
  const isSuper = privileges === undefined || privileges.has("SUPER") || privileges.has("ALL PRIVILEGES");
  if (isOn("log_bin") && !isOn("log_bin_trust_function_creators")) {
    const unsafe = of("function").find(({ name }) => name === "any");
    const code = of("function")[0] ?? of("trigger")[0];
    const found = unsafe ?? (isSuper ? undefined : code);
    if (found !== undefined) {
      yield {
        code: "server-setting",
        severity: "error",
        subject: "log_bin_trust_function_creators",
        message: `the server's binary log does not trust the function or trigger on ${placeOf(found)}`,
        solution: "SET GLOBAL log_bin_trust_function_creators = 1 for the restore, or switch the binary log off for it",
      };
    }
  }
  const [keyless] = of("keyless table");
  if (keyless !== undefined && isOn("sql_require_primary_key") && of("setting").length === 0) {
    yield {
      code: "server-setting",
      severity: "error",
      subject: "sql_require_primary_key",
      message: `the server demands a primary key of every table, and the one on ${placeOf(keyless)} has none`,
      solution: "SET GLOBAL sql_require_primary_key = 0 for the restore",
    };
  }
}
