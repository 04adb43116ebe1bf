import type { DecodedContents } from "./archive-contents.ts";
import type { OpenBlock } from "./data-block.ts";
import type { InputBytes } from "./input-bytes.ts";

/** How data blocks follow each other in an archive that is one file. */
export interface BlockFraming {
  readonly format: "custom" | "tar";
  /**
   * Opens the block that begins where the input stands, which is where the one before ended. Undefined at the end of the
   * archive.
   * @param largeObjects the entry that the next large objects belong to, where only the order tells
   * @throws BackupError DAMAGED
   */
  nextBlock(input: InputBytes, largeObjects: number | undefined): Promise<OpenBlock | undefined>;
}

/** A table of contents, and how the data behind it is to be read. */
export interface OpenedArchive {
  readonly contents: DecodedContents;
  readonly framing: BlockFraming;
}
