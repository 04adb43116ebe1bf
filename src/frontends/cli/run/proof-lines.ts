import type { ProvenBackup } from "../../../commands/proof/prove-backup.ts";
import { isProven } from "../../../commands/proof/prove-backup.ts";
import { counted } from "../../../core/counted.ts";
import { printable } from "../../../core/printable.ts";
import { formatDuration } from "../amounts.ts";

/** Findings that are shown; `--json` and the file have more. */
const shownDamage = 20;

/** By the words of metadata. */
const products: Readonly<Record<string, string>> = { postgresql: "PostgreSQL", mysql: "MySQL", mariadb: "MariaDB" };

/** What a restore on trial proved, for people. */
export function proofLines(proven: ProvenBackup): string[] {
  const { location, server, recoverySeconds, damage, notes, checks, phases } = proven;
  const lines = [`${isProven(proven) ? "ok" : "DAMAGED"}  ${printable(location)}`];
  if (recoverySeconds !== undefined) {
    const where = server.isOurs ? "a server started for it" : "the given server";
    const product = products[proven.metadata?.database_type ?? ""] ?? "version";
    const version = server.version === undefined ? "" : `, ${product} ${printable(server.version)}`;
    lines.push(`  restored ${formatDuration(recoverySeconds)}, into ${where}${version}`);
  }
  const found = foundText(proven);
  if (found !== "") lines.push(`  found    ${found}`);
  if (phases.length > 0) {
    lines.push(`  phases   ${phases.map(({ phase, seconds }) => `${phase} ${formatDuration(seconds)}`).join(", ")}`);
  }
  for (const check of checks) {
    lines.push(`  check    ${check.status === "ok" ? "ok" : "FAILED"}: ${printable(check.sql)}`);
    if (check.error !== undefined) lines.push(`           ${printable(check.error)}`);
    for (const row of check.rows ?? []) lines.push(`           ${printable(row)}`);
    if (check.has_more === true) lines.push("           and more rows");
  }
  for (const { object, message } of damage.slice(0, shownDamage)) {
    lines.push(`  damage   ${printable(object)}: ${printable(message)}`);
  }
  if (damage.length > shownDamage) lines.push(`  damage   and ${damage.length - shownDamage} more`);
  for (const note of notes) lines.push(`  note     ${printable(note)}`);
  return lines;
}

const words: readonly (readonly [count: string, one: string, many: string])[] = [
  ["objects", "object", "objects"],
  ["tables", "table", "tables"],
  ["rows", "row", "rows"],
  ["foreign_keys", "foreign key", "foreign keys"],
  ["indexes", "index", "indexes"],
];

function foundText({ counts }: ProvenBackup): string {
  return words
    .flatMap(([name, one, many]) => (counts[name] === undefined ? [] : [counted(counts[name], one, many)]))
    .join(", ");
}
