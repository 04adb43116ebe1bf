import type { Finding, RestoreRequest } from "../../../ports/restore.ts";
import { versionNumber } from "../../../wire/mysql/identify-server.ts";
import type { KnownFacts } from "../restore/pre-check.ts";
import type { Demand } from "../restore/statement-demands.ts";
import type { TargetFacts } from "../restore/target-facts.ts";
import { ScriptReader } from "../script/read-script.ts";
import { FollowedQuoting } from "../script/session-quoting.ts";
import { headOf, statementKind } from "../script/statement-head.ts";
import { conversionTarget } from "./conversion-target.ts";
import { StatementConverter } from "./statement-converter.ts";
import { TypedJsonAsText } from "./typed-json-as-text.ts";

/** More findings than these are summed up. */
const keptFindings = 200;

/** What a script needs changed for a server, and what the server cannot have; for people. */
export interface Conversions {
  readonly changes: readonly string[];
  readonly impossible: readonly string[];
}

/** @returns undefined when the backup comes from a server of the same flavour and version, or does not say from which */
export function converterFor(serverVersion: string, facts: TargetFacts): StatementConverter | undefined {
  const version = versionNumber(serverVersion);
  if (version === undefined) return undefined;
  const { server, collations, characterSets, engines } = facts;
  const source = /mariadb/i.test(serverVersion) ? "mariadb" : "mysql";
  if (source === server.flavour && Math.floor(version / 100) === Math.floor(server.version / 100)) return undefined;
  return new StatementConverter(conversionTarget(server, source, { collations, characterSets, engines }));
}

/** What conversions tell of; a pre-check that has looked for them needs not say it again. */
const toldKinds: ReadonlySet<Demand["kind"]> = new Set(["collation", "character set", "engine"]);

/** The same without what conversions tell of. */
export function besidesConversions<Facts extends KnownFacts>(facts: Facts): Facts {
  return { ...facts, demands: facts.demands.filter(({ kind }) => !toldKinds.has(kind)) };
}

/** Reads scripts to their end one after the other, and sends nothing. */
export async function findConversions(
  sources: Iterable<AsyncIterable<Uint8Array>>,
  converter: StatementConverter,
): Promise<Conversions> {
  const found = { changes: new Set<string>(), impossible: new Set<string>() };
  for (const source of sources) await findIn(source, converter, found);
  return { changes: [...found.changes], impossible: [...found.impossible] };
}

async function findIn(
  source: AsyncIterable<Uint8Array>,
  converter: StatementConverter,
  { changes, impossible }: { readonly changes: Set<string>; readonly impossible: Set<string> },
): Promise<void> {
  await using reader = new ScriptReader(source);
  const quoting = new FollowedQuoting();
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind === "character set") {
      quoting.setCharacterSet(item.name);
      reader.quoting = quoting.quoting;
      continue;
    }
    const head = headOf(item.text);
    const kind = statementKind(head);
    if (kind.kind === "rows") {
      const pieces = item.kind === "long statement" ? item.pieces() : [item.text];
      if (await losesJsonTypes(pieces, converter)) changes.add(typesInJsonLost(kind.table));
      continue;
    }
    if (item.kind === "long statement") continue;
    if (kind.kind === "quoting") {
      quoting.follow(head);
      reader.quoting = quoting.quoting;
    }
    const converted = converter.convert(head, item.text.toString("latin1"));
    for (const change of converted?.changes ?? []) changes.add(change);
    if (converted?.impossible !== undefined) impossible.add(converted.impossible);
  }
}

/** What a table loses whose JSON holds more than its text tells. */
export function typesInJsonLost(table: string): string {
  return `table "${table}": dates, times, decimals and bytes within JSON become their text`;
}

async function losesJsonTypes(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  converter: StatementConverter,
): Promise<boolean> {
  if (converter.keepsTypesInJson) return false;
  const asText = new TypedJsonAsText();
  for await (const piece of pieces) asText.push(piece);
  return asText.changed;
}

/** What a pre-check says of it. Pure. */
export function conversionFindings(
  { changes, impossible }: Conversions,
  { convert = false, onError }: Pick<RestoreRequest, "convert" | "onError">,
): Finding[] {
  const goesOn = onError === "continue";
  const found: Finding[] = [
    ...changes.map(
      (message): Finding =>
        convert
          ? { code: "conversion", severity: "warning", message, solution: "it is changed so, as --convert says" }
          : {
              code: "needs-conversion",
              severity: goesOn ? "warning" : "error",
              message: `only changed: ${message}`,
              solution: "add --convert to have it changed so, or restore on a server like that of the backup",
            },
    ),
    ...impossible.map(
      (message): Finding => ({
        code: "cannot-convert",
        severity: goesOn ? "warning" : "error",
        message,
        solution: goesOn
          ? "it is left out, and counted as failed"
          : "restore on a server like that of the backup, or leave it out with --convert --on-error continue",
      }),
    ),
  ];
  if (found.length <= keptFindings) return found;
  const rest = found.length - keptFindings;
  const last = found[keptFindings]!;
  return [...found.slice(0, keptFindings), { ...last, message: `and ${rest} more of this kind` }];
}
