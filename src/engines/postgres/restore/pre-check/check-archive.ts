import type { Finding, RestoreRequest } from "../../../../ports/restore.ts";
import { isStatistics, takesStatistics } from "../../archive/optimizer-statistics.ts";
import { wantedKinds } from "../../archive/wanted-parts.ts";
import { demandingExtensions } from "../../demanding-extensions.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import { type ArchivePlan, entryName } from "../archive-plan.ts";
import { type DatabaseDefinition, optionText } from "../database-definition.ts";
import { mentionedRoles } from "./mentioned-roles.ts";
import { nameOfToken, sqlTokens } from "./sql-tokens.ts";
import { normalLocale, type TargetFacts } from "./target-facts.ts";
import { missingFeatures } from "./version-features.ts";

/** What of a plan the server is asked to hold against it. Everything here is pure. */
export interface CheckedPlan {
  readonly plan: ArchivePlan;
  readonly request: RestoreRequest;
  readonly decode: NameDecoder;
  /** `client_encoding` of the archive. */
  readonly encoding: string;
  /** With `create`: how the archive says the database must be. */
  readonly definition: DatabaseDefinition | undefined;
  /** Of the archive, for messages. */
  readonly sourceVersion: string;
  /** Bytes of the archive, 0 when unknown. */
  readonly storedBytes: number;
}

/** All that the server lacks for the plan. */
export function checkAgainstServer(checked: CheckedPlan, facts: TargetFacts): Finding[] {
  return [
    ...checkRoles(checked, facts),
    ...checkTablespaces(checked, facts),
    ...checkExtensions(checked, facts),
    ...checkDemandingExtensions(checked),
    ...checkCollations(checked, facts),
    ...checkLocale(checked, facts),
    ...checkEncoding(checked, facts),
    ...checkVersion(checked, facts),
    ...checkStatistics(checked, facts),
    ...checkDisk(checked, facts),
  ];
}

function checkRoles({ plan, request, decode }: CheckedPlan, facts: TargetFacts): Finding[] {
  const { owners, privileges, definitions } = mentionedRoles(plan.entries, request.noOwner, decode);
  const findings: Finding[] = [];
  for (const role of [...new Set([...owners, ...privileges, ...definitions])].toSorted()) {
    if (facts.roles.has(role)) continue;
    const flags: string[] = [];
    if (owners.has(role)) flags.push("--no-owner");
    if (privileges.has(role)) flags.push("--no-privileges");
    const leaveOut = definitions.has(role) ? "" : `, or leave it out with ${flags.join(" ")}`;
    findings.push({
      code: "missing-role",
      severity: "error",
      message: `role "${role}" does not exist on the server`,
      solution: `create it (CREATE ROLE ${quoted(role)})${leaveOut}`,
      subject: role,
    });
  }
  if (facts.isSuperuser) return findings;
  const foreign = [...owners].filter((role) => facts.roles.has(role) && !facts.memberOf.has(role)).toSorted();
  if (foreign.length === 0) return findings;
  const finding: Finding = {
    code: "not-member-of-role",
    severity: "error",
    message: `user "${facts.user}" cannot give objects to ${listed(foreign)}`,
    solution: "restore as a superuser or as a member of these roles, or with --no-owner",
  };
  return [...findings, finding];
}

function checkTablespaces({ plan, request, decode, definition }: CheckedPlan, facts: TargetFacts): Finding[] {
  const placed = request.noTablespaces === true ? [] : plan.entries;
  const wanted = new Set(placed.map(({ entry }) => decode(entry.tablespace ?? "")));
  const ofDatabase = definition === undefined ? undefined : optionText(definition, "TABLESPACE");
  if (ofDatabase !== undefined) wanted.add(decode(ofDatabase));
  wanted.delete("");
  return [...wanted]
    .filter((name) => !facts.tablespaces.has(name))
    .map((name) => ({
      code: "missing-tablespace",
      severity: "error",
      message: `tablespace "${name}" does not exist on the server`,
      solution: `create it (CREATE TABLESPACE ${quoted(name)} LOCATION '/folder/of/the/server'), or leave everything in the default one with --no-tablespaces`,
      subject: name,
    }));
}

function checkExtensions({ plan, decode }: CheckedPlan, facts: TargetFacts): Finding[] {
  const wanted = plan.entries.filter(({ entry }) => entry.desc === "EXTENSION").map(({ entry }) => decode(entry.tag));
  if (facts.extensions === undefined) {
    if (wanted.length === 0) return [];
    return [
      {
        code: "missing-extension",
        severity: "warning",
        message: `the server cannot list its available extensions; the backup needs ${listed(wanted)}`,
        solution: "make sure that their packages are installed on the server",
      },
    ];
  }
  return wanted
    .filter((name) => facts.extensions?.has(name) === false)
    .map((name) => ({
      code: "missing-extension",
      severity: "error",
      message: `extension "${name}" is not available on the server`,
      solution: "install its package on the machine of the server",
      subject: name,
    }));
}

function checkDemandingExtensions({ plan, request, decode }: CheckedPlan): Finding[] {
  const names = new Set(plan.entries.map(({ entry }) => (entry.desc === "EXTENSION" ? decode(entry.tag) : "")));
  return demandingExtensions
    .filter(({ name }) => names.has(name))
    .map(({ name, reason, byHand }): Finding => {
      const message = `extension "${name}" ${reason}`;
      if (request.allowedExtensions?.includes(name) === true) {
        return { code: "demanding-extension", severity: "warning", message, solution: byHand };
      }
      const solution = `${byHand}; then say so with --allow-extension ${name}`;
      return { code: "demanding-extension", severity: "error", message, solution };
    });
}

function checkCollations({ plan, decode }: CheckedPlan, facts: TargetFacts): Finding[] {
  const missing = new Map<string, string>();
  for (const { entry, parts } of plan.entries) {
    if (!parts.definition || entry.definition?.includes("COLLATE") !== true) continue;
    for (const name of systemCollations(decode(entry.definition))) {
      if (!facts.collations.has(name) && !missing.has(name)) missing.set(name, entryName(entry, decode));
    }
  }
  return Array.from(missing, ([name, user]) => ({
    code: "missing-collation",
    severity: "error",
    message: `collation "${name}" does not exist on the server; "${user}" needs it`,
    solution: `install the locale on the machine of the server, then SELECT pg_import_system_collations('pg_catalog')`,
  }));
}

/** Collations of pg_catalog that a definition names. Others are in the backup itself. */
function systemCollations(definition: string): string[] {
  const tokens = sqlTokens(definition);
  return tokens.flatMap((token, at) => {
    if (token !== "COLLATE" || nameOfToken(tokens[at + 1]) !== "pg_catalog" || tokens[at + 2] !== ".") return [];
    return nameOfToken(tokens[at + 3]) ?? [];
  });
}

function checkLocale({ definition, decode }: CheckedPlan, facts: TargetFacts): Finding[] {
  if (definition === undefined) return [];
  const provider = optionText(definition, "LOCALE_PROVIDER") ?? "libc";
  const since = provider === "builtin" ? 17 : provider === "icu" ? 15 : 0;
  if (facts.major < since || (provider === "icu" && !facts.hasIcu)) {
    return [
      {
        code: "missing-locale",
        severity: "error",
        message: `the server (${facts.versionText}) has no locale provider "${provider}"`,
        solution: "create the database yourself with another locale, and restore without --create",
      },
    ];
  }
  const names = ["LOCALE", "LC_COLLATE", "LC_CTYPE"].flatMap((option) => optionText(definition, option) ?? []);
  const missing = [...new Set(names.map(decode))].filter(
    (name) => !/^(C|POSIX)$/.test(name) && !facts.locales.has(normalLocale(name)),
  );
  return missing.map((name) => ({
    code: "missing-locale",
    severity: "error",
    message: `the server's machine has no locale "${name}"`,
    solution: "install it there, or create the database yourself with another locale and restore without --create",
  }));
}

function checkEncoding({ definition, encoding }: CheckedPlan, facts: TargetFacts): Finding[] {
  const target = definition === undefined ? facts.encoding : (optionText(definition, "ENCODING") ?? encoding);
  if (definition !== undefined && !facts.serverEncodings.has(target)) {
    return [encodingFinding("error", `the server does not know the encoding "${target}" of the backup's database`)];
  }
  if (target === encoding || target === "SQL_ASCII") return [];
  if (encoding === "SQL_ASCII") {
    return [
      encodingFinding(
        "warning",
        `the backup holds bytes of no certain encoding (SQL_ASCII), and the database takes ${target} only`,
      ),
    ];
  }
  if (!facts.conversions.has(`${encoding}>${target}`)) {
    return [encodingFinding("error", `the server cannot convert the backup's ${encoding} to the database's ${target}`)];
  }
  if (target === "UTF8") return [];
  return [
    encodingFinding("warning", `the backup is in ${encoding}: characters that ${target} does not have will fail`),
  ];
}

function encodingFinding(severity: Finding["severity"], message: string): Finding {
  return {
    code: "encoding",
    severity,
    message,
    solution: "restore with --create, which makes a database of the same encoding, or into another database",
  };
}

function checkVersion({ plan, decode }: CheckedPlan, facts: TargetFacts): Finding[] {
  return missingFeatures(plan.entries, facts.major).map(({ since, what, count, first }) => ({
    code: "older-server",
    severity: "error",
    message: `the backup uses ${what} (${count} ${count === 1 ? "object" : "objects"}, first "${entryName(first, decode)}"), and the server is ${facts.versionText}`,
    solution: `restore into PostgreSQL ${since} or newer, or go on without them with --on-error continue`,
  }));
}

/** They are worth a word, not a failure: the server can make its own. */
function checkStatistics({ plan }: CheckedPlan, facts: TargetFacts): Finding[] {
  if (takesStatistics(facts.major) || !plan.entries.some(({ entry }) => isStatistics(entry))) return [];
  return [
    {
      code: "older-server",
      severity: "warning",
      message: `the server is ${facts.versionText}, which takes no optimizer statistics: those of the backup are left out`,
      solution: "run ANALYZE after the restore",
    },
  ];
}

function checkDisk({ request, storedBytes }: CheckedPlan, { freeBytes }: TargetFacts): Finding[] {
  // What the metadata says, or at least what is stored.
  const needed = request.plainBytes ?? storedBytes;
  if (freeBytes === undefined || !wantedKinds(request).data || needed <= freeBytes) return [];
  return [
    {
      code: "disk-space",
      severity: "error",
      message: `the server's data folder has ${freeBytes} bytes free, and the rows alone are ${needed}`,
      solution: "make room on the machine of the server, or restore a part with --table or --schema",
    },
  ];
}

/** At most five of many. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return `${shown.join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
