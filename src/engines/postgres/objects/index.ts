import { accessMethodType } from "./access-method.ts";
import { castType } from "./cast.ts";
import { checkConstraintType } from "./check-constraint.ts";
import { collationType } from "./collation.ts";
import { columnDefaultType } from "./column-default.ts";
import { conversionType } from "./conversion.ts";
import { defaultPrivilegesType } from "./default-privileges.ts";
import { eventTriggerType } from "./event-trigger.ts";
import { extensionType } from "./extension.ts";
import { foreignServerType } from "./foreign-data/server.ts";
import { foreignDataWrapperType } from "./foreign-data/wrapper.ts";
import { foreignKeyType } from "./foreign-key.ts";
import { indexAttachType } from "./index-attach.ts";
import { indexType } from "./index-object.ts";
import { keyConstraintType } from "./key-constraint.ts";
import { languageType } from "./language.ts";
import { largeObjectDataType, largeObjectType } from "./large-object.ts";
import { materializedViewDataType } from "./materialized-view-data.ts";
import type { AnyObjectType } from "./object-type.ts";
import { operatorType } from "./operator/operator.ts";
import { operatorClassType } from "./operator/operator-class.ts";
import { operatorFamilyType } from "./operator/operator-family.ts";
import { policyType, rowSecurityType } from "./policy.ts";
import { publicationType } from "./publication/publication.ts";
import { publicationSchemaType, publicationTableType } from "./publication/publication-member.ts";
import { columnPrivilegesType } from "./relation/column-privileges.ts";
import { relationDetailsType } from "./relation/relation-details.ts";
import { relationType } from "./relation/relation-type.ts";
import { aggregateType } from "./routine/aggregate.ts";
import { functionType } from "./routine/function.ts";
import { ruleType } from "./rule.ts";
import { schemaType } from "./schema.ts";
import { sequenceSetType } from "./sequence-set.ts";
import { statisticsType } from "./statistics.ts";
import { statisticsDataType } from "./statistics-data.ts";
import { subscriptionType } from "./subscription.ts";
import { tableAttachType } from "./table-attach.ts";
import { tableDataType } from "./table-data.ts";
import { textSearchConfigurationType } from "./text-search/configuration.ts";
import { textSearchDictionaryType } from "./text-search/dictionary.ts";
import { textSearchParserType } from "./text-search/parser.ts";
import { textSearchTemplateType } from "./text-search/template.ts";
import { transformType } from "./transform.ts";
import { triggerType } from "./trigger.ts";
import { baseType } from "./type/base-type.ts";
import { compositeType } from "./type/composite-type.ts";
import { domainConstraintType, domainType } from "./type/domain.ts";
import { enumType } from "./type/enum-type.ts";
import { rangeType } from "./type/range-type.ts";
import { shellType } from "./type/shell-type.ts";

/** All object types in the order in which they are read: what others refer to comes first. */
export const objectTypes: readonly AnyObjectType[] = [
  schemaType,
  extensionType,
  collationType,
  enumType,
  compositeType,
  domainType,
  domainConstraintType,
  baseType,
  rangeType,
  shellType,
  functionType,
  languageType,
  aggregateType,
  transformType,
  castType,
  accessMethodType,
  operatorType,
  operatorFamilyType,
  operatorClassType,
  conversionType,
  textSearchParserType,
  textSearchTemplateType,
  textSearchDictionaryType,
  textSearchConfigurationType,
  foreignDataWrapperType,
  foreignServerType,
  relationType,
  relationDetailsType,
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
  columnPrivilegesType,
  statisticsType,
  publicationType,
  publicationTableType,
  publicationSchemaType,
  subscriptionType,
  defaultPrivilegesType,
  eventTriggerType,
  materializedViewDataType,
  largeObjectType,
  largeObjectDataType,
  statisticsDataType,
];
