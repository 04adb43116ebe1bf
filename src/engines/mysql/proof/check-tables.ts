import type { ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import { quoteName } from "../quote.ts";
import type { ProofTarget } from "./proof-database.ts";

/** Has the server walk over every table and its indexes (CHECK TABLE). */
export async function checkTables({ sessions, relations }: ProofTarget): Promise<ProofFindings> {
  const tables = relations.filter(({ kind }) => kind === "table");
  const damage: ProofDamage[] = [];
  let unchecked = 0;
  for (const { name } of tables) {
    const answers = await sessions[0]!.rows(`CHECK TABLE ${quoteName(name)}`);
    const said = answers.map((row) => ({ kind: (row.Msg_type ?? "").toLowerCase(), text: row.Msg_text ?? "" }));
    // Engines that cannot be checked say so in a note.
    if (said.some(({ kind }) => kind === "note")) unchecked++;
    const wrong = said.find(
      ({ kind, text }) => kind === "error" || (kind === "status" && /corrupt|failed/i.test(text)),
    );
    if (wrong !== undefined) damage.push({ object: `table ${name}`, message: wrong.text });
  }
  const notes =
    unchecked === 0 ? [] : [`${unchecked} of ${tables.length} tables are of engines that cannot be checked`];
  return { counts: { walked_tables: tables.length - unchecked }, damage, notes };
}
