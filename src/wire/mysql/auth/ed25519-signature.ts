import { createHash } from "node:crypto";

/**
 * MariaDB's `ed25519` plugin signs by RFC 8032, but takes the password itself, of any length, where the standard has a seed
 * of 32 bytes: node:crypto cannot be given such a key. Big integers take some milliseconds, once for each login; that their
 * time depends on the password matters to nobody who cannot see this process.
 */
const prime = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {
  readonly X: bigint;
  readonly Y: bigint;
  readonly Z: bigint;
  readonly T: bigint;
}

const baseX = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const baseY = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;
const base: Point = { X: baseX, Y: baseY, Z: 1n, T: mod(baseX * baseY) };
const identity: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n };
const curveD = mod(-121665n * inverse(121666n));

/** @returns 64 bytes */
export function mariadbEd25519Signature(password: string, message: Buffer): Buffer {
  const expanded = sha512(Buffer.from(password));
  const scalarBytes = Buffer.from(expanded.subarray(0, 32));
  scalarBytes[0]! &= 0xf8;
  scalarBytes[31] = (scalarBytes[31]! & 0x3f) | 0x40;
  const scalar = littleEndian(scalarBytes);
  const publicKey = encode(multiply(scalar));
  const once = littleEndian(sha512(expanded.subarray(32), message)) % order;
  const commitment = encode(multiply(once));
  const challenge = littleEndian(sha512(commitment, publicKey, message)) % order;
  return Buffer.concat([commitment, bytesOf((once + challenge * scalar) % order)]);
}

function multiply(scalar: bigint): Point {
  let sum = identity;
  let doubled = base;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}

/** (RFC 8032, section 5.1.4; complete, so it doubles too.) */
function add(p: Point, q: Point): Point {
  const a = mod((p.Y - p.X) * (q.Y - q.X));
  const b = mod((p.Y + p.X) * (q.Y + q.X));
  const c = mod(2n * p.T * q.T * curveD);
  const d = mod(2n * p.Z * q.Z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) };
}

function encode({ X, Y, Z }: Point): Buffer {
  const scale = inverse(Z);
  const bytes = bytesOf(mod(Y * scale));
  if ((mod(X * scale) & 1n) === 1n) bytes[31]! |= 0x80;
  return bytes;
}

function mod(value: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let power = mod(value);
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = mod(result * power);
    power = mod(power * power);
  }
  return result;
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
