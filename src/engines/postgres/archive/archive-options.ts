import type { Codec } from "../../../ports/codec.ts";
import type { ArchiveHeader } from "./archive-header.ts";
import type { WritableMinor } from "./archive-version.ts";
import type { LateDefinitions } from "./late-definitions.ts";
import type { TocEntry } from "./toc-entry.ts";

/** What the writers of all archive formats are told. */
export interface ArchiveOptions {
  readonly codec: Codec;
  readonly header: ArchiveHeader & { readonly minor: WritableMinor };
  /** In the order of the table of contents. */
  readonly entries: readonly TocEntry[];
  /** Definitions that `entries` do not hold. */
  readonly lateDefinitions?: LateDefinitions | undefined;
  /** Gets back each block that was given to a data writer, once nobody reads it any more. */
  readonly recycle?: (block: Buffer) => void;
}
