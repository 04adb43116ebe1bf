import type { Compression } from "../core/compression.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { EncryptedSink } from "./encryption.ts";

/** What is known of an artifact when its last byte has passed. */
export interface ArtifactTotals {
  /** Bytes as stored, and their SHA-256 in hexadecimal. */
  readonly size: number;
  readonly sha256: string;
  /** Bytes as the engine gave them. */
  readonly plainSize: number;
  readonly plainSha256: string;
  /** Of an encrypted artifact: its header. */
  readonly header?: Buffer;
}

/** The stages between an engine and the storage: (compress) -> (encrypt) -> hash and count -> storage. */
export interface ArtifactStages extends ByteSink {
  /** Ends all stages and resolves when the last byte is with the storage. */
  end(): Promise<ArtifactTotals>;
}

/**
 * Joins the stages in front of `storage`.
 * @param compression of the whole artifact; `none` when the engine compresses inside it.
 * @param encrypt puts an encrypted file into its target
 */
export type OpenArtifactStages = (
  storage: ByteSink,
  compression: Compression,
  encrypt?: (target: ByteSink) => Promise<EncryptedSink>,
) => ArtifactStages;
