import { BackupError } from "../../../../core/backup-error.ts";
import { shownText } from "../../../../wire/net/shown-text.ts";
import { type DecodedContents, decodeContents } from "../archive-contents.ts";
import { archiveDamage } from "../archive-damage.ts";
import {
  largeObjectLine,
  largeObjectList,
  largeObjectOf,
  restoreScriptFile,
  tableDataFiles,
  tocFile,
} from "../archive-files.ts";
import type { ReadOptions } from "../archive-reader.ts";
import type { BlockFraming, OpenedArchive } from "../block-framing.ts";
import { type OpenBlock, openLargeObjectsBlock, openTableDataBlock, type StreamFormat } from "../data-block.ts";
import { type InputBytes, SectionInput } from "../input-bytes.ts";
import type { TocEntry } from "../toc-entry.ts";
import { type TarHeader, tarBlockBytes, tarMemberName } from "./tar-header.ts";
import { nextTarMember, passTarPadding, tarContent } from "./tar-members.ts";

/** Reads the table of contents, which is the first member. @throws BackupError FOREIGN_FILE, DAMAGED */
export async function openTarArchive(input: InputBytes, options: ReadOptions): Promise<OpenedArchive> {
  requireOwnTar((await input.peek(tarBlockBytes)).subarray(0, tarBlockBytes));
  const first = await nextTarMember(input);
  if (first?.name !== tocFile) throw archiveDamage(`it does not begin with the member "${tocFile}",`, 0);
  const toc = new SectionInput(input, first.size);
  const contents = await decodeContents(toc, "files");
  if (toc.position !== toc.size) throw archiveDamage("there is more behind the table of contents", toc.position);
  await passTarPadding(input, first.size);
  return { contents, framing: new TarFraming(contents, options) };
}

/** A tar of something else is told from a damaged archive of ours: its first header is whole, and names another file. */
function requireOwnTar(block: Buffer): void {
  const name = tarMemberName(block);
  if (name === undefined || name === tocFile) return;
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: `the file is a tar, but not one of pg_dump: its first member is "${shownText(name)}"`,
    hint: "unpack it, and restore the folder or file that is in it",
  });
}

/** Tar format: a member for each table and each large object; a list of large objects ends those of one entry. */
class TarFraming implements BlockFraming {
  readonly format = "tar";
  readonly #contents: DecodedContents;
  readonly #streams: StreamFormat;
  readonly #tables: ReadonlyMap<string, TocEntry>;

  constructor(contents: DecodedContents, options: ReadOptions) {
    this.#contents = contents;
    this.#streams = { ...options, method: "none", container: "gzip" };
    this.#tables = tableDataFiles(contents);
  }

  async nextBlock(input: InputBytes, largeObjects: number | undefined): Promise<OpenBlock | undefined> {
    for (;;) {
      const position = input.position;
      const member = await nextTarMember(input);
      if (member === undefined) return undefined;
      if (member.name === restoreScriptFile) {
        await tarContent(input, member).skipRest();
        continue;
      }
      const table = this.#tables.get(member.name);
      if (table !== undefined) return openTableDataBlock(table.dumpId, tarContent(input, member), this.#streams);
      if (largeObjects === undefined) throw strangeMember(member, position);
      return this.#openLargeObjects(input, largeObjects, member);
    }
  }

  #openLargeObjects(input: InputBytes, dumpId: number, first: TarHeader): OpenBlock {
    const list = largeObjectList(dumpId, this.#contents.preamble.minor);
    let member: TarHeader | undefined = first;
    let listed = "";
    const next = async () => {
      const position = input.position;
      const current = member ?? (await nextTarMember(input));
      member = undefined;
      if (current?.name === list) {
        await requireList(input, current, listed);
        return undefined;
      }
      const oid = current === undefined ? undefined : largeObjectOf(current.name);
      if (current === undefined || oid === undefined) throw strangeMember(current, position);
      listed += largeObjectLine(oid);
      return { oid, stored: tarContent(input, current), format: this.#streams };
    };
    return openLargeObjectsBlock(dumpId, next);
  }
}

/** The list must name the large objects that came before it, as they came. */
async function requireList(input: InputBytes, member: TarHeader, expected: string): Promise<void> {
  const position = input.position;
  const isAsLong = member.size === expected.length;
  const content = isAsLong ? (await input.peek(member.size)).toString("latin1", 0, member.size) : "";
  if (content !== expected)
    throw archiveDamage(`"${member.name}" does not list the large objects before it,`, position);
  await tarContent(input, member).skipRest();
}

function strangeMember(member: TarHeader | undefined, position: number): Error {
  if (member === undefined) return archiveDamage("a list of large objects is missing", position);
  return archiveDamage("a tar member belongs to no entry", position);
}
