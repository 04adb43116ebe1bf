import { BackupError } from "../../../core/backup-error.ts";
import { type DemandingExtension, demandingExtensions } from "../demanding-extensions.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import type { RunQuery } from "./catalog-queries.ts";

/** Extensions of the database that a logical backup does not do justice. One query. */
export async function findDemandingExtensions(run: RunQuery): Promise<DemandingExtension[]> {
  const names = demandingExtensions.map(({ name }) => quoteConformingLiteral(name)).join(", ");
  const rows = await run(`SELECT extname FROM pg_catalog.pg_extension WHERE extname IN (${names})`);
  const found = new Set(rows.map((row) => row.extname));
  return demandingExtensions.filter(({ name }) => found.has(name));
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
