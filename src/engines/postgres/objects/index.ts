import { checkConstraintType } from "./check-constraint.ts";
import { columnDefaultType } from "./column-default.ts";
import { extensionType } from "./extension.ts";
import { foreignKeyType } from "./foreign-key.ts";
import { indexAttachType } from "./index-attach.ts";
import { indexType } from "./index-object.ts";
import { keyConstraintType } from "./key-constraint.ts";
import { languageType } from "./language.ts";
import { largeObjectDataType, largeObjectType } from "./large-object.ts";
import { materializedViewDataType } from "./materialized-view-data.ts";
import type { ObjectType } from "./object-type.ts";
import { policyType, rowSecurityType } from "./policy.ts";
import { relationType } from "./relation/relation-type.ts";
import { aggregateType } from "./routine/aggregate.ts";
import { functionType } from "./routine/function.ts";
import { ruleType } from "./rule.ts";
import { schemaType } from "./schema.ts";
import { sequenceSetType } from "./sequence-set.ts";
import { tableAttachType } from "./table-attach.ts";
import { tableDataType } from "./table-data.ts";
import { triggerType } from "./trigger.ts";
import { baseType } from "./type/base-type.ts";
import { compositeType } from "./type/composite-type.ts";
import { domainConstraintType, domainType } from "./type/domain.ts";
import { enumType } from "./type/enum-type.ts";
import { rangeType } from "./type/range-type.ts";
import { shellType } from "./type/shell-type.ts";

/** All object types in the order in which they are read: what others refer to comes first. */
export const objectTypes: readonly ObjectType[] = [
  schemaType,
  languageType,
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
  relationType,
  columnDefaultType,
  checkConstraintType,
  tableAttachType,
  tableDataType,
  sequenceSetType,
  indexType,
  keyConstraintType,
  indexAttachType,
  foreignKeyType,
  ruleType,
  triggerType,
  policyType,
  rowSecurityType,
  materializedViewDataType,
  largeObjectType,
  largeObjectDataType,
];
