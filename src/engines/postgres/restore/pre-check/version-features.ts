import type { TocEntry } from "../../archive/toc-entry.ts";
import type { SelectedEntry } from "../select/select-entries.ts";

interface Feature {
  /** The first major version that has it. */
  readonly since: number;
  readonly what: string;
  readonly uses: (entry: TocEntry, definition: string) => boolean;
}

/** What definitions may hold that older servers refuse. From the release notes. */
const features: readonly Feature[] = [
  { since: 11, what: "procedures", uses: ({ desc }) => desc === "PROCEDURE" },
  { since: 11, what: "partitioned indexes", uses: ({ desc }) => desc === "INDEX ATTACH" },
  { since: 11, what: "covering indexes (INCLUDE)", uses: isIndex(/\) INCLUDE \(/) },
  { since: 11, what: "default partitions", uses: isDefinition(["TABLE ATTACH"], / DEFAULT;\n$/) },
  { since: 12, what: "generated columns", uses: isDefinition(["TABLE"], / GENERATED ALWAYS AS \(/) },
  {
    since: 12,
    what: "access methods of tables",
    uses: isDefinition(["ACCESS METHOD"], / TYPE TABLE /),
  },
  {
    since: 14,
    what: "function bodies in standard SQL",
    uses: isDefinition(["FUNCTION", "PROCEDURE"], /\n *(?:BEGIN ATOMIC|RETURN )/),
  },
  { since: 14, what: "multirange types", uses: isDefinition(["TYPE"], /multirange_type_name/) },
  {
    since: 14,
    what: "compression methods of columns",
    uses: isDefinition(["TABLE", "MATERIALIZED VIEW"], / SET COMPRESSION /),
  },
  { since: 15, what: "NULLS NOT DISTINCT", uses: isIndex(/ NULLS NOT DISTINCT/) },
  { since: 15, what: "views with security_invoker", uses: isDefinition(["VIEW"], /security_invoker='/) },
  { since: 15, what: "unlogged sequences", uses: isDefinition(["SEQUENCE"], /^CREATE UNLOGGED SEQUENCE/) },
  { since: 15, what: "publications of schemas", uses: ({ desc }) => desc === "PUBLICATION TABLES IN SCHEMA" },
  { since: 17, what: "the MAINTAIN privilege", uses: isDefinition(["ACL", "DEFAULT ACL"], /\bMAINTAIN\b/) },
  {
    since: 18,
    what: "virtual generated columns",
    uses: ({ desc }, definition) => desc === "TABLE" && definition.split("\n").some(isVirtualColumn),
  },
  {
    since: 18,
    what: "constraints WITHOUT OVERLAPS or NOT ENFORCED",
    uses: isDefinition(["CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT", "TABLE"], / WITHOUT OVERLAPS| NOT ENFORCED/),
  },
];

/** A feature that the backup uses and the server lacks. */
export interface MissingFeature {
  readonly since: number;
  readonly what: string;
  readonly count: number;
  readonly first: TocEntry;
}

export function missingFeatures(selected: readonly SelectedEntry[], serverMajor: number): MissingFeature[] {
  const candidates = features.filter(({ since }) => since > serverMajor);
  return candidates.flatMap(({ since, what, uses }) => {
    const users = selected.filter(
      ({ entry, parts }) => parts.definition && uses(entry, withoutQuotations(entry.definition ?? "")),
    );
    return users.length === 0 ? [] : [{ since, what, count: users.length, first: users[0]!.entry }];
  });
}

/** A definition whose literals, bodies and quoted names are empty: words in them use no feature. */
function withoutQuotations(definition: string): string {
  return definition.replace(/\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|'[^']*'|"[^"]*"/g, "''");
}

function isVirtualColumn(line: string): boolean {
  return line.includes(" GENERATED ALWAYS AS (") && /\)(?: NOT NULL)?,?$/.test(line);
}

function isDefinition(types: readonly string[], pattern: RegExp) {
  return ({ desc }: TocEntry, definition: string): boolean => types.includes(desc) && pattern.test(definition);
}

function isIndex(pattern: RegExp) {
  return isDefinition(["INDEX", "CONSTRAINT"], pattern);
}
