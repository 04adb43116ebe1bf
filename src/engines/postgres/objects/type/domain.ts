import { qualified, quoteConformingLiteral, quoteIdentifier } from "../../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "../catalog-reader.ts";
import { commentEntry } from "../comment-entry.ts";
import type { DumpObject } from "../dump-object.ts";
import { isUsers, partsWith } from "../dump-parts.ts";
import type { EntryContext } from "../entry-context.ts";
import { groupBy } from "../group-by.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import { printInside } from "../print-inside.ts";
import { addType, type TypeObject, typeColumns, typeEntries, typeTables } from "./type-object.ts";

interface Domain extends TypeObject {
  /** Underlying type with modifiers, collation and default: what stands between AS and the constraints. */
  readonly base: string;
  readonly notNull: boolean;
  readonly default: string | undefined;
  /** Checks in order of their names, then NOT NULL. Filled while reading. */
  readonly constraints: DomainConstraint[];
}

/** A constraint of a domain: printed inside it unless it must stand alone. */
interface DomainConstraint extends DumpObject {
  readonly kind: "constraint";
  readonly schema: string;
  readonly domain: Domain;
  readonly isNotNull: boolean;
  /** `CHECK (...)`, `NOT NULL`: as pg_get_constraintdef says it. */
  readonly definition: string;
}

export const domainType: ObjectType<Domain> = {
  label: "domain",

  queries: () => ({
    rows:
      `SELECT ${typeColumns}, pg_catalog.format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull, ` +
      "pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::pg_catalog.regclass) AS default_expression, " +
      "t.typdefault, l.collname, ln.nspname AS collation_schema " +
      `FROM ${typeTables} LEFT JOIN pg_catalog.pg_type u ON u.oid = t.typbasetype ` +
      "LEFT JOIN pg_catalog.pg_collation l ON l.oid = t.typcollation AND t.typcollation <> u.typcollation " +
      "LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace WHERE t.typtype = 'd' ORDER BY t.oid",
  }),

  read(reader, { rows }): Domain[] {
    return rows.flatMap((row) => addType<Domain>(reader, row, domainOf(row)) ?? []);
  },

  entries(domain: Domain, context: EntryContext): PlannedEntry[] {
    const inline = domain.constraints.filter((constraint) => constraint.separate !== true);
    const checks = inline
      .filter((constraint) => !constraint.isNotNull)
      .map((check) => `\n\tCONSTRAINT ${quoteIdentifier(check.name)} ${check.definition}`);
    const value = domain.default === undefined ? "" : ` DEFAULT ${domain.default}`;
    return [
      ...typeEntries(domain, context, {
        desc: "DOMAIN",
        definition:
          `CREATE DOMAIN ${qualified(domain.schema, domain.name)} AS ${domain.base}` +
          `${notNullClause(domain, inline)}${value}${checks.join("")};\n`,
      }),
      ...(domain.parts.definition ? inline.flatMap((constraint) => constraintComment(constraint, context)) : []),
    ];
  },
};

export const domainConstraintType: ObjectType<DomainConstraint> = {
  label: "domain constraint",

  queries: () => ({
    rows:
      "SELECT oid, conname, contype, contypid, convalidated, pg_catalog.pg_get_constraintdef(oid) AS definition " +
      "FROM pg_catalog.pg_constraint WHERE contypid > 0 ORDER BY contypid, contype, conname",
  }),

  read(reader, { rows }): DomainConstraint[] {
    const domains = new Map(
      reader.registry
        .ofKind("type")
        .filter((object): object is Domain => "constraints" in object)
        .map((domain) => [String(domain.catalog.oid), domain]),
    );
    const constraintsOf = groupBy(rows, (row) => row.contypid!);
    return [...domains].flatMap(([oid, domain]) =>
      isUsers(reader, domain.schema, domain.catalog.table, domain.catalog.oid)
        ? (constraintsOf.get(oid) ?? []).map((row) => addConstraint(reader, domain, row))
        : [],
    );
  },

  link(constraints: readonly DomainConstraint[]): void {
    // What an inline constraint refers to must exist before the domain does.
    for (const constraint of constraints) {
      if (constraint.separate !== true) printInside(constraint.domain, constraint);
    }
  },

  entries(constraint: DomainConstraint, context: EntryContext): PlannedEntry[] {
    const domain = qualified(constraint.domain.schema, constraint.domain.name);
    const name = quoteIdentifier(constraint.name);
    return [
      objectEntry(constraint, {
        desc: constraint.isNotNull ? "CONSTRAINT" : "CHECK CONSTRAINT",
        section: "post-data",
        owner: constraint.domain.owner,
        tag: `${constraint.domain.name} ${constraint.name}`,
        definition: `ALTER DOMAIN ${domain}\n    ADD CONSTRAINT ${name} ${constraint.definition};\n`,
        drop: `ALTER DOMAIN ${domain} DROP CONSTRAINT ${name};\n`,
      }),
      ...constraintComment(constraint, context),
    ];
  },
};

function domainOf(row: Row): Pick<Domain, "base" | "notNull" | "default" | "constraints"> {
  const collation = row.collname === null ? "" : ` COLLATE ${qualified(row.collation_schema!, row.collname!)}`;
  const literal = row.typdefault === null ? undefined : quoteConformingLiteral(row.typdefault!);
  return {
    base: `${row.base}${collation}`,
    notNull: row.typnotnull === "t",
    default: row.default_expression ?? literal,
    constraints: [],
  };
}

/** A NOT NULL constraint is named only where its name is not the one that the server would choose. */
function notNullClause(domain: Domain, inline: readonly DomainConstraint[]): string {
  if (!domain.notNull) return "";
  const constraint = inline.find((candidate) => candidate.isNotNull);
  if (constraint === undefined || constraint.name === `${domain.name}_not_null`) return " NOT NULL";
  return ` CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`;
}

function addConstraint(reader: CatalogReader, domain: Domain, row: Row): DomainConstraint {
  const constraint = reader.registry.add<DomainConstraint>({
    kind: "constraint",
    catalog: { table: Catalog.pg_constraint, oid: Number(row.oid) },
    name: row.conname!,
    schema: domain.schema,
    parts: partsWith(domain),
    domain,
    isNotNull: row.contype === "n",
    definition: row.definition!,
    inlineOwner: domain.dumpId,
    separate: row.convalidated !== "t",
    tieBreak: [domain.name],
  });
  domain.constraints.push(constraint);
  return constraint;
}

function constraintComment(constraint: DomainConstraint, context: EntryContext): PlannedEntry[] {
  const text = context.commentOn(constraint.catalog);
  if (text === undefined) return [];
  const { domain } = constraint;
  const subject = `CONSTRAINT ${quoteIdentifier(constraint.name)} ON DOMAIN`;
  return [
    commentEntry(constraint.separate === true ? constraint : domain, context, {
      subject: `${subject} ${qualified(domain.schema, domain.name)}`,
      tag: `${subject} ${quoteIdentifier(domain.name)}`,
      owner: domain.owner,
      text,
    }),
  ];
}
