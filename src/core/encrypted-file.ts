/** What is behind the name of a file that is encrypted. */
export const ENCRYPTED_SUFFIX = ".enc";

/** What a file is called that `encrypt` made by itself, and not for a backup: it may be renamed. */
export const fileContext = { backupId: "file", artifact: "" } as const;
