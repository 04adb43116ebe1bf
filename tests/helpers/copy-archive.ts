import type { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import type { ArchiveWriter } from "../../src/engines/postgres/archive/archive-writer.ts";
import { readBlock } from "./archive-samples.ts";

/** Gives a writer the data of all entries that it asks for, from an archive, and finishes it. */
export async function copyData(reader: ArchiveFileReader, writer: ArchiveWriter): Promise<void> {
  await reader.checkStructure();
  for (const dumpId of writer.dataOrder) {
    const block = await reader.openBlock(dumpId);
    const content = await readBlock(block);
    if (content instanceof Map) {
      const objects = await writer.openLargeObjects(dumpId);
      for (const [oid, bytes] of content) {
        const object = await objects.openObject(oid);
        if (bytes.length > 0) await object.write(bytes);
        await object.end();
      }
      await objects.end();
      continue;
    }
    const table = await writer.openTableData(dumpId);
    if (content.length > 0) await table.write(content);
    await table.end();
  }
  await writer.finish();
}
