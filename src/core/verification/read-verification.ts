import * as v from "valibot";
import { type Verification, verificationSchema } from "./verification-schema.ts";

/** The result of a verification of its file; undefined for what is none, or is of a later version. */
export function readVerification(fileText: string): Verification | undefined {
  try {
    const result = v.safeParse(verificationSchema, JSON.parse(fileText));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
