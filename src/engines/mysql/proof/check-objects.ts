import { formatCount } from "../../../core/counted.ts";
import type { PromisedContents, ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import { readEvents, readRoutines, readTriggers } from "../objects/read-routines.ts";
import type { ProofTarget } from "./proof-database.ts";

/**
 * Whether the database holds as many objects of each kind as were backed up. What a restore says of itself is not asked.
 * Tables are looked for by their names when their rows are read.
 */
export async function checkObjects(target: ProofTarget, { entries }: PromisedContents): Promise<ProofFindings> {
  const held = await countObjects(target);
  const count = [...held.values()].reduce((sum, one) => sum + one, 0);
  if (entries === undefined) {
    const note = "the backup does not tell how many objects it was made of: only its tables were looked for";
    return { counts: { objects: count }, damage: [], notes: [note] };
  }
  const damage = [...entries].flatMap(([kind, wanted]): ProofDamage[] => {
    const found = notObjects.has(kind) ? wanted : (held.get(kind) ?? 0);
    if (found >= wanted) return [];
    const message = `the restored database holds ${formatCount(found)} instead of the ${formatCount(wanted)} that were backed up`;
    return [{ object: `objects of kind ${kind}`, message }];
  });
  return { counts: { objects: count }, damage, notes: [] };
}

/** Entries of a backup that make no object of their own. */
const notObjects: ReadonlySet<string> = new Set(["database", "stand-in", "statistics"]);

/** By the names of their kinds in backups. */
async function countObjects({
  sessions,
  database,
  facts,
  relations,
}: ProofTarget): Promise<ReadonlyMap<string, number>> {
  const session = sessions[0]!;
  const held = new Map<string, number>();
  const add = (kind: string): void => void held.set(kind, (held.get(kind) ?? 0) + 1);
  for (const { kind } of relations) add(kind);
  for (const { what } of await readRoutines(session, database, facts)) add(what.toLowerCase().replace(" ", "-"));
  for (const _ of await readTriggers(session, database)) add("trigger");
  for (const _ of await readEvents(session, database)) add("event");
  return held;
}
