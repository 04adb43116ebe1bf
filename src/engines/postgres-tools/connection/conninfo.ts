/** `host='db1' dbname='it''s'` of keywords and values, quoted as libpq reads it. Those without a value are left out. */
export function formatConninfo(settings: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([keyword, value]) => `${keyword}='${String(value).replaceAll(/['\\]/g, "\\$&")}'`)
    .join(" ");
}

/** A line of a password file that fits every server, database and user. */
export function passwordLine(password: string): string {
  return `*:*:*:*:${password.replaceAll(/[\\:]/g, "\\$&")}\n`;
}
