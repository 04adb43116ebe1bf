import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { MAX_RECORD_BYTES, parseRecord, recordKey, type WorkRecord } from "./work-record.ts";

/**
 * The record of a work; undefined when there is none, or none that anybody may act upon.
 * @param size as a list has told it
 */
export async function readRecord(store: ObjectStore, id: string, size: number): Promise<WorkRecord | undefined> {
  if (size > MAX_RECORD_BYTES) return undefined;
  const state = await store.head(recordKey(id));
  if (state === undefined || state.size > MAX_RECORD_BYTES) return undefined;
  const bytes = Buffer.alloc(state.size);
  await store.read(state.key, state.version, 0, bytes);
  const record = parseRecord(bytes);
  return record?.id === id && state.work === id && record.keys.every(isSweepable) ? record : undefined;
}

function isSweepable(key: string): boolean {
  return isSafeRelativePath(key.endsWith("/") ? key.slice(0, -1) : key);
}
