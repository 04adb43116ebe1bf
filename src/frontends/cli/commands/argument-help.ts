/** What names a backup of the repository, as help says it. */
export const idHelp = "an id or the beginning of one, latest:DB, or a name in the repository";

/** What names any backup. */
export const backupHelp = "a file, a URL, an id or the beginning of one, or latest:DB";
