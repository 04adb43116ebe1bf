/**
 * How closely a backup was looked at: `quick` reads sizes, headers and tables of contents, `full` every byte, `restore` what a
 * restore on trial brought back.
 */
export const verificationLevels = ["quick", "full", "restore"] as const;

export type VerificationLevel = (typeof verificationLevels)[number];

/** Whether what was found on one level says at least as much as on the other. */
export function isAtLeast(level: VerificationLevel, wanted: VerificationLevel): boolean {
  return verificationLevels.indexOf(level) >= verificationLevels.indexOf(wanted);
}
