/**
 * `18.4 (Debian 18.4-1)` -> 180004, `10.23` -> 100023, `9.6.24` -> 90624, `19beta1` -> 190000. 0 when it cannot be read.
 * The same number as the server's own server_version_num.
 */
export function serverVersionNumber(text: string): number {
  const match = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text);
  if (match === null) return 0;
  const [major = 0, second = 0, third = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return major >= 10 ? major * 10_000 + second : major * 10_000 + second * 100 + third;
}
