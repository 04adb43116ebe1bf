import type { FactQuery } from "./fact-query.ts";
import { changedPrivileges } from "./facts/changed-privileges.ts";
import { comments, securityLabels } from "./facts/comments.ts";
import { foreignData } from "./facts/foreign-data.ts";
import { casts, operatorClasses, operatorFamilies, operators } from "./facts/operators.ts";
import { others } from "./facts/others.ts";
import { columns, relations, sequences } from "./facts/relations.ts";
import { aggregates, routines } from "./facts/routines.ts";
import { extensions, schemas } from "./facts/schemas.ts";
import { constraints, domainConstraints, indexes, policies, rules, triggers } from "./facts/table-parts.ts";
import { textSearch } from "./facts/text-search.ts";
import { types } from "./facts/types.ts";

/** Everything that is known about a schema. The order is that of the answers for people: what is made first comes first. */
export const factQueries: readonly FactQuery[] = [
  schemas,
  extensions,
  types,
  domainConstraints,
  routines,
  aggregates,
  relations,
  columns,
  sequences,
  constraints,
  indexes,
  triggers,
  rules,
  policies,
  operators,
  operatorClasses,
  operatorFamilies,
  casts,
  ...textSearch,
  ...foreignData,
  ...others,
  comments,
  securityLabels,
  changedPrivileges,
];
