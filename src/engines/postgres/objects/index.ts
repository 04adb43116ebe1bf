import { extensionType } from "./extension.ts";
import type { ObjectType } from "./object-type.ts";
import { aggregateType } from "./routine/aggregate.ts";
import { functionType } from "./routine/function.ts";
import { schemaType } from "./schema.ts";
import { baseType } from "./type/base-type.ts";
import { compositeType } from "./type/composite-type.ts";
import { domainConstraintType, domainType } from "./type/domain.ts";
import { enumType } from "./type/enum-type.ts";
import { rangeType } from "./type/range-type.ts";
import { shellType } from "./type/shell-type.ts";

/** All object types in the order in which they are read: what others refer to comes first. */
export const objectTypes: readonly ObjectType[] = [
  schemaType,
  extensionType,
  enumType,
  compositeType,
  domainType,
  domainConstraintType,
  baseType,
  rangeType,
  shellType,
  functionType,
  aggregateType,
];
