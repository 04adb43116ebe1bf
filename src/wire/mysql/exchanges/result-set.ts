import { PacketReader } from "../packets/packet-reader.ts";

/** A column of a result, as its definition packet says it. */
export interface Column {
  readonly name: string;
  /** Number of its character set and collation; 63 is binary. */
  readonly collation: number;
  /** Type number of the protocol: 3 LONG, 253 VAR_STRING, ... */
  readonly type: number;
  readonly flags: number;
  readonly decimals: number;
  /** Most bytes that a value can take. */
  readonly length: number;
}

/** What an OK packet says, or the EOF packet behind rows. */
export interface Outcome {
  readonly affectedRows: number;
  readonly status: number;
  /** How many warnings `SHOW WARNINGS` has. */
  readonly warnings: number;
}

/** (MySQL source documentation, "Protocol::ColumnDefinition41".) */
export function readColumn(packet: Buffer): Column {
  const reader = new PacketReader(packet);
  for (let skipped = 0; skipped < 4; skipped++) reader.lengthEncodedBytes();
  const name = reader.lengthEncodedBytes()?.toString() ?? "";
  reader.lengthEncodedBytes();
  reader.lengthEncoded();
  const collation = reader.uint(2);
  const length = reader.uint(4);
  const type = reader.uint(1);
  const flags = reader.uint(2);
  return { name, collation, type, flags, decimals: reader.uint(1), length };
}

/** (MySQL source documentation, "OK_Packet".) */
export function readOk(packet: Buffer): Outcome {
  const reader = new PacketReader(packet);
  reader.skip(1);
  const affectedRows = reader.lengthEncoded() ?? 0;
  reader.lengthEncoded();
  return { affectedRows, status: reader.uint(2), warnings: reader.uint(2) };
}

/** (MySQL source documentation, "EOF_Packet".) */
export function readEof(packet: Buffer): Outcome {
  const reader = new PacketReader(packet);
  reader.skip(1);
  const warnings = reader.uint(2);
  return { affectedRows: 0, status: reader.uint(2), warnings };
}

/** An EOF packet is short; a row that begins with the same byte holds a value of more than 16 MiB. */
export function isEof(packet: Buffer): boolean {
  return packet[0] === 0xfe && packet.length < 9;
}

/** The values of a row packet; they lie in its memory. */
export function rowValues(packet: Buffer, columns: number): (Buffer | null)[] {
  const reader = new PacketReader(packet);
  return Array.from({ length: columns }, () => reader.lengthEncodedBytes());
}
