import { archiveDamage } from "../archive-damage.ts";

/** Headers and contents begin at multiples of this many bytes. */
export const tarBlockBytes = 512;

/** A member of a tar archive as its header tells it. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of the content. */
  readonly size: number;
}

/** Fields of a header by offset and length (POSIX ustar). */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 5],
  version: [263, 2],
  userName: [265, 32],
  groupName: [297, 32],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

type Field = keyof typeof fields;

const magic = "ustar";
/** A size in eleven octal digits. */
const largestOctal = 8 ** 11 - 1;
/** First octet of a number in base 256. */
const base256Mark = 0x80;
/** As pg_dump writes them: nobody is meant to read them. */
const owner = { uid: 0o4000, gid: 0o2000, name: "postgres" };

/** Bytes that follow a content up to the next header. */
export function tarPadding(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

/** Whether bytes begin as a tar archive does. */
export function looksLikeTar(start: Buffer): boolean {
  const [at, length] = fields.magic;
  return start.length >= tarBlockBytes && start.toString("latin1", at, at + length) === magic;
}

/** Whether a block ends the archive. */
export function isTarEnd(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** The header of a regular file, as pg_dump writes it. @param modified seconds since 1970 */
export function encodeTarHeader({ name, size }: TarHeader, modified: number): Buffer {
  const block = Buffer.alloc(tarBlockBytes);
  const put = (field: Field, text: string): void => void block.write(text, fields[field][0], "latin1");
  const octal = (field: Field, value: number): void =>
    put(field, `${value.toString(8).padStart(fields[field][1] - 1, "0")} `);
  if (name.length >= fields.name[1]) throw new Error(`name of a tar member is too long: ${name}`);
  put("name", name);
  octal("mode", 0o600);
  octal("uid", owner.uid);
  octal("gid", owner.gid);
  if (size <= largestOctal) octal("size", size);
  else putBase256(block, size);
  octal("mtime", modified);
  put("type", "0");
  put("magic", magic);
  put("version", "00");
  put("userName", owner.name);
  put("groupName", owner.name);
  octal("deviceMajor", 0);
  octal("deviceMinor", 0);
  put("checksum", `${checksumOf(block).toString(8).padStart(6, "0")}\0 `);
  return block;
}

/**
 * Reads the header of a regular file. Links, folders, devices, sparse files, names in several parts are refused: no
 * pg_dump writes them.
 * @throws BackupError DAMAGED
 */
export function decodeTarHeader(block: Buffer, position: number): TarHeader {
  const refuse = (what: string): never => {
    throw archiveDamage(`a tar header ${what}`, position);
  };
  if (!looksLikeTar(block)) return refuse("is missing");

  const text = (field: Field): string => textOf(block, field);
  const checksum = octalNumber(text("checksum"));
  if (checksum === undefined || checksum !== checksumOf(block)) return refuse("has a wrong checksum");
  if (text("type") !== "0" && text("type") !== "")
    return refuse(`is not that of a regular file (type "${text("type")}")`);
  if (text("prefix") !== "" || text("link") !== "") return refuse("names another file or a folder");
  const size = decodeSize(block.subarray(fields.size[0], fields.size[0] + fields.size[1]));
  if (size === undefined) return refuse("has an impossible size");
  return { name: text("name"), size };
}

/** The name in a header of any kind; undefined where it is none, or damaged. */
export function tarMemberName(block: Buffer): string | undefined {
  if (!looksLikeTar(block)) return undefined;
  if (octalNumber(textOf(block, "checksum")) !== checksumOf(block)) return undefined;
  return textOf(block, "name");
}

/** A field up to its first zero. */
function textOf(block: Buffer, field: Field): string {
  const [at, length] = fields[field];
  const whole = block.toString("latin1", at, at + length);
  const end = whole.indexOf("\0");
  return end < 0 ? whole : whole.slice(0, end);
}

/** Octal digits, or a positive number in base 256, where pg_dump's sizes do not fit into eleven digits. */
function decodeSize(field: Buffer): number | undefined {
  if ((field[0]! & base256Mark) === 0) return octalNumber(field.toString("latin1"));
  if (field[0] !== base256Mark) return undefined;
  const value = BigInt(`0x${field.toString("hex", 1)}`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER - tarBlockBytes) ? Number(value) : undefined;
}

function octalNumber(text: string): number | undefined {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

function putBase256(block: Buffer, size: number): void {
  const [at, length] = fields.size;
  block.fill(0, at, at + length);
  block[at] = base256Mark;
  block.writeBigUInt64BE(BigInt(size), at + length - 8);
}

/** The sum of all bytes, those of the checksum itself taken for spaces. */
function checksumOf(block: Buffer): number {
  const [at, length] = fields.checksum;
  let sum = length * 0x20;
  for (let i = 0; i < tarBlockBytes; i++) if (i < at || i >= at + length) sum += block[i]!;
  return sum;
}
