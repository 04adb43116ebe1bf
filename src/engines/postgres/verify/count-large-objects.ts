const opens = /^SELECT pg_catalog\.lo_open\('\d+', \d+\);$/;
const writes = /^SELECT pg_catalog\.lowrite\(\d+, '\\x(?<digits>[0-9a-f]*)'\);$/;

/** Counts the large objects that statements of pg_dump write, and their bytes. */
export class LargeObjectCount {
  count = 0;
  bytes = 0;

  add(sql: string): void {
    if (!sql.startsWith("SELECT pg_catalog.lo")) return;
    const text = sql.trimEnd();
    if (opens.test(text)) this.count++;
    else this.bytes += (writes.exec(text)?.groups?.["digits"]?.length ?? 0) / 2;
  }
}
