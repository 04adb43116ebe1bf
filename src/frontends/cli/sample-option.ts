import { BackupError } from "../../core/backup-error.ts";

/** Smaller parts would not come round in a lifetime. */
const maxParts = 1000;

/**
 * Into how many parts `--sample` divides: 7 of `1/7`, 20 of `5%`. A share that is no whole part is taken as the next larger one.
 * @throws BackupError USAGE
 */
export function sampleParts(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, part, percent] = /^(?:1\/(\d{1,4})|(\d{1,3}(?:\.\d{1,3})?)%)$/.exec(text) ?? [];
  const parts = part === undefined ? Math.floor(100 / Number(percent)) : Number(part);
  if (Number.isInteger(parts) && parts >= 1 && parts <= maxParts) return parts;
  throw new BackupError({
    code: "USAGE",
    message: `"--sample" has the wrong value "${text}"`,
    hint: "use a part as 1/7 or 5%",
  });
}
