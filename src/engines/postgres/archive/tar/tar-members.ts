import { archiveDamage, endsEarly } from "../archive-damage.ts";
import { ChunkReader } from "../chunk-reader.ts";
import type { InputBytes } from "../input-bytes.ts";
import type { StoredStream } from "../stored-stream.ts";
import { decodeTarHeader, isTarEnd, type TarHeader, tarBlockBytes, tarPadding } from "./tar-header.ts";

/**
 * Reads the header of the next member; the input stands at its content afterwards. Undefined at the end of the archive,
 * behind which there is nothing.
 * @throws BackupError DAMAGED
 */
export async function nextTarMember(input: InputBytes): Promise<TarHeader | undefined> {
  const position = input.position;
  const block = await blockOf(input);
  if (isTarEnd(block)) {
    if (!isTarEnd(await blockOf(input))) throw archiveDamage("a tar header is missing", position);
    await requireZeros(input);
    return undefined;
  }
  const header = decodeTarHeader(block, position);
  if (input.size !== undefined && header.size > input.size - input.position) throw endsEarly(input.size);
  return header;
}

/** The content of a member whose header was read. */
export function tarContent(input: InputBytes, { size }: TarHeader): StoredStream {
  let isBegun = false;
  return new ChunkReader(input, async () => {
    if (!isBegun && size > 0) {
      isBegun = true;
      return size;
    }
    await passTarPadding(input, size);
    return 0;
  });
}

/** Moves over what fills the last block of a content. */
export async function passTarPadding(input: InputBytes, size: number): Promise<void> {
  const padding = tarPadding(size);
  const filler = (await input.peek(padding)).subarray(0, padding);
  if (filler.length < padding) throw endsEarly(input.position + filler.length);
  if (!isTarEnd(filler)) throw archiveDamage("there is more behind the content of a tar member", input.position);
  input.advance(padding);
}

async function blockOf(input: InputBytes): Promise<Buffer> {
  const block = (await input.peek(tarBlockBytes)).subarray(0, tarBlockBytes);
  if (block.length < tarBlockBytes) throw endsEarly(input.position + block.length);
  input.advance(tarBlockBytes);
  return block;
}

/** tar programs fill the last record. */
async function requireZeros(input: InputBytes): Promise<void> {
  for (let rest = await input.peek(1); rest.length > 0; rest = await input.peek(1)) {
    if (!isTarEnd(rest)) throw archiveDamage("there is more behind the end of the tar archive", input.position);
    input.advance(rest.length);
  }
}
