import type { DumpSessionOptions } from "../../ports/dump-session.ts";
import type { OptionValues } from "./options/options.ts";

/** What the options of a backup say of the sessions that read. */
export function dumpSession(options: OptionValues): DumpSessionOptions {
  const { role, encoding, snapshot } = options;
  const digits = options["extra-float-digits"];
  const timeout = options["lock-wait-timeout"];
  return {
    ...(role === undefined ? {} : { role }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(digits === undefined ? {} : { extraFloatDigits: digits }),
    ...(options["quote-all-identifiers"] === true ? { quoteAllIdentifiers: true } : {}),
    ...(options["enable-row-security"] === true ? { enableRowSecurity: true } : {}),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(timeout === undefined ? {} : { lockWaitTimeout: timeout }),
    ...(options["serializable-deferrable"] === true ? { serializableDeferrable: true } : {}),
  };
}
