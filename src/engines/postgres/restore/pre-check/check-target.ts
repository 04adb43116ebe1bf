import type { Finding, RestoreRequest } from "../../../../ports/restore.ts";
import { wantedKinds } from "../../archive/wanted-parts.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import { type ArchivePlan, entryName } from "../archive-plan.ts";
import { journalSchema } from "../journal/restore-journal.ts";
import { listed } from "./check-archive.ts";
import type { TargetContent, TargetFacts } from "./target-facts.ts";

const journalTable = `${journalSchema}.run`;
const relationTypes: ReadonlySet<string> = new Set(["FOREIGN TABLE", "MATERIALIZED VIEW", "SEQUENCE", "TABLE", "VIEW"]);

/** Whether the database can be created. */
export function checkCreation(target: string, { clean, journal }: RestoreRequest, facts: TargetFacts): Finding[] {
  const findings: Finding[] = [];
  if (!facts.mayCreateDatabases) {
    findings.push({
      code: "cannot-create-database",
      severity: "error",
      message: `user "${facts.user}" may not create databases`,
      solution: `grant it (ALTER ROLE "${facts.user.replaceAll('"', '""')}" CREATEDB), or restore into an existing database without --create`,
    });
  }
  if (!facts.databases.has(target)) return findings;
  findings.push(
    clean
      ? notEmpty(`database "${target}" exists, and --clean with --create drops all of it`)
      : {
          code: "target-exists",
          severity: "error",
          message: `database "${target}" exists already`,
          solution: `${journal === "new" ? "go on with --resume if its restore was interrupted, " : ""}leave out --create to restore into it, add --clean to drop it first, or name another with --target`,
        },
  );
  return findings;
}

/** Whether the objects of the plan fit into a database that exists. */
export function checkContent(
  target: string,
  { plan, request, decode }: { plan: ArchivePlan; request: RestoreRequest; decode: NameDecoder },
  content: TargetContent,
): Finding[] {
  if (content.relations.has(journalTable)) return [interrupted(target)];
  const findings: Finding[] = [];
  const isEmpty = content.relations.size === 0 && content.others === 0;
  if (!isEmpty)
    findings.push(
      notEmpty(
        `database "${target}" is not empty (${content.relations.size} tables, views and sequences, ${content.others} other objects)`,
      ),
    );
  const created = createdRelations(plan, decode);
  const existing = created.filter((name) => content.relations.has(name));
  if (!request.clean && existing.length > 0) {
    findings.push({
      code: "object-exists",
      severity: "error",
      message: `${existing.length} of the backup's tables, views and sequences exist in "${target}" already: ${listed(existing)}`,
      solution: "drop them first with --clean --if-exists, or restore into another database with --target",
    });
  }
  const missing = created.filter((name) => !content.relations.has(name));
  if (request.clean && !request.ifExists && missing.length > 0) {
    findings.push({
      code: "object-missing",
      severity: "error",
      message: `${missing.length} of the objects that --clean drops do not exist in "${target}": ${listed(missing)}`,
      solution: "add --if-exists, or leave out --clean",
    });
  }
  if (!wantedKinds(request).schema) {
    const filled = plan.entries.filter(({ entry }) => entry.desc === "TABLE DATA" || entry.desc === "SEQUENCE SET");
    const absent = filled.map(({ entry }) => entryName(entry, decode)).filter((name) => !content.relations.has(name));
    if (absent.length > 0) {
      findings.push({
        code: "object-missing",
        severity: "error",
        message: `${absent.length} of the tables and sequences whose data is restored do not exist in "${target}": ${listed(absent)}`,
        solution: "restore their definitions too: leave out what says otherwise (--data-only, --no-schema)",
      });
    }
  }
  return findings;
}

function interrupted(target: string): Finding {
  return {
    code: "interrupted-restore",
    severity: "error",
    message: `database "${target}" holds a restore that was interrupted`,
    solution: `go on with it (--resume); or drop the database, or forget it (DROP SCHEMA ${journalSchema} CASCADE)`,
  };
}

/** `schema.name` of the relations that a plan creates. */
export function createdRelations({ entries }: Pick<ArchivePlan, "entries">, decode: NameDecoder): string[] {
  return entries
    .filter(({ entry, parts }) => relationTypes.has(entry.desc) && parts.definition)
    .map(({ entry }) => entryName(entry, decode));
}

function notEmpty(message: string): Finding {
  return {
    code: "target-not-empty",
    severity: "warning",
    message,
    solution: "add --confirm if this is what you want, or restore into another database with --target",
  };
}
