import * as v from "valibot";
import { type Verification, verificationSchema } from "./verification-schema.ts";

/**
 * The result of a verification as the text of its file.
 * @throws Error when it is not what our own schema says: a fault of the caller.
 */
export function formatVerification(verification: Verification): string {
  return `${JSON.stringify(v.parse(verificationSchema, verification), undefined, 2)}\n`;
}
