import type { TocEntry } from "./toc-entry.ts";

/**
 * Entries are restored in three passes over the table of contents: objects and data first, then privileges (so that
 * nothing that was revoked is missing while objects are made), then what would act on, or may need, all of it.
 */
export type RestorePass = "main" | "privileges" | "last";

export function restorePass(entry: TocEntry): RestorePass {
  switch (entry.desc) {
    case "ACL":
    case "DEFAULT ACL":
      return "privileges";
    case "EVENT TRIGGER":
    case "MATERIALIZED VIEW DATA":
      return "last";
    case "COMMENT":
    case "SECURITY LABEL":
      return entry.tag.startsWith("EVENT TRIGGER ") ? "last" : "main";
    case "STATISTICS DATA":
      return entry.section === "post-data" ? "last" : "main";
    default:
      return "main";
  }
}

/** Entries, or what goes with them, in the order in which they are restored. Those of the first pass come as they are asked for. */
export function* inRestoreOrder<T>(items: Iterable<T>, entryOf: (item: T) => TocEntry): Generator<T, void> {
  const later: Record<Exclude<RestorePass, "main">, T[]> = { privileges: [], last: [] };
  for (const item of items) {
    const pass = restorePass(entryOf(item));
    if (pass === "main") yield item;
    else later[pass].push(item);
  }
  yield* later.privileges;
  yield* later.last;
}

export function isPrivileges(entry: TocEntry): boolean {
  return restorePass(entry) === "privileges";
}
