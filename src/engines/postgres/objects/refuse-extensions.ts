import { BackupError } from "../../../core/backup-error.ts";
import { type DemandingExtension, demandingExtensions } from "../demanding-extensions.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import type { RunQuery } from "./catalog-queries.ts";
import { everything, type ObjectSelection } from "./object-selection.ts";

/**
 * Extensions that a logical backup of the selection does not do justice: those that are in it themselves, or by tables of
 * theirs. One query; another one for an extension that is not in it itself.
 */
export async function findDemandingExtensions(
  run: RunQuery,
  selection: ObjectSelection = everything,
): Promise<DemandingExtension[]> {
  const names = demandingExtensions.map(({ name }) => quoteConformingLiteral(name)).join(", ");
  const rows = await run(`SELECT oid, extname FROM pg_catalog.pg_extension WHERE extname IN (${names})`);
  const found: DemandingExtension[] = [];
  for (const extension of demandingExtensions) {
    const oid = rows.find(({ extname }) => extname === extension.name)?.oid;
    if (oid == null) continue;
    if (selection.extension(Number(oid)) || (await hasTables(extension, run, selection))) found.push(extension);
  }
  return found;
}

async function hasTables({ tablesQuery }: DemandingExtension, run: RunQuery, selection: ObjectSelection) {
  const tables = await run(
    "SELECT c.oid, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      `WHERE c.oid IN (${tablesQuery})`,
  );
  return tables.some(({ oid, nspname }) => selection.relation(Number(oid), nspname!).definition);
}

/**
 * Refuses a database whose rows might not come back, unless the user knows.
 * @param allowed names of extensions that the user takes upon himself
 * @returns what to tell of those that are allowed
 * @throws BackupError UNSUPPORTED_OBJECT
 */
export function refuseExtensions(found: readonly DemandingExtension[], allowed: readonly string[]): string[] {
  const refused = found.find(({ name }) => !allowed.includes(name));
  if (refused !== undefined) {
    const { name, reason, instead } = refused;
    throw new BackupError({
      code: "UNSUPPORTED_OBJECT",
      message: `extension "${name}" ${reason}`,
      object: name,
      hint: `${instead}; if you know what you do, add --allow-extension ${name}`,
    });
  }
  return found.map(({ name, reason, byHand }) => `extension "${name}" ${reason}: ${byHand}`);
}
