import type { ObjectType } from "./object-type.ts";
import { schemaType } from "./schema.ts";

/** All object types in the order in which they are read: what others refer to comes first. */
export const objectTypes: readonly ObjectType[] = [schemaType as ObjectType];
