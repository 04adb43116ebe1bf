import {
  isIn,
  leftToRight,
  mappedToNothing,
  mappedToSpace,
  prohibited,
  rightToLeft,
  unassigned,
} from "./sasl-prep-tables.ts";

const ascii = /^[\u0000-\u007f]*$/;

/**
 * The password as SCRAM hashes it: SASLprep (RFC 4013) when that is possible, else unchanged, exactly as PostgreSQL's
 * server and libpq do: ASCII is never touched, and a password with prohibited or unassigned characters is used raw.
 */
export function saslPrep(password: string): string {
  if (ascii.test(password)) return password;
  const mapped = Array.from(password, mapCharacter).join("").normalize("NFKC");
  const codePoints = Array.from(mapped, (character) => character.codePointAt(0)!);
  const usable =
    codePoints.length > 0 &&
    codePoints.every((codePoint) => !isIn(prohibited, codePoint) && !isIn(unassigned, codePoint)) &&
    isDirectionallySound(codePoints);
  return usable ? mapped : password;
}

function mapCharacter(character: string): string {
  const codePoint = character.codePointAt(0)!;
  if (isIn(mappedToSpace, codePoint)) return " ";
  return isIn(mappedToNothing, codePoint) ? "" : character;
}

function isRight(codePoint: number | undefined): boolean {
  return codePoint !== undefined && isIn(rightToLeft, codePoint);
}

/** RFC 3454 section 6: right-to-left text begins and ends so, and holds nothing left-to-right. */
function isDirectionallySound(codePoints: readonly number[]): boolean {
  if (!codePoints.some(isRight)) return true;
  return isRight(codePoints[0]) && isRight(codePoints.at(-1)) && !codePoints.some((one) => isIn(leftToRight, one));
}
