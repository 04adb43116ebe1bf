import type { BenchCase, Goals } from "./bench-case.ts";

/** The environment variable with the key that backups are encrypted for. */
export const BENCH_KEY = "BENCH_KEY";

const plain: Goals = { memory: "plain" };
const compressed: Goals = { memory: "compressed" };

/** `--format plain --jobs 1` beside `-Fp`: what both understand stands in one place. */
function dump(name: string, peer: string, ours: string, goals: Goals, more: Partial<BenchCase> = {}): BenchCase {
  return { name, work: { kind: "dump", peer: words(peer), ours: words(ours) }, data: "rows", goals, ...more };
}

function restore(name: string, data: string, jobs: number, goals: Goals, archive = "-Fc"): BenchCase {
  const work = { kind: "restore", archive: words(archive), peer: [`-j${jobs}`], ours: [`--jobs=${jobs}`] } as const;
  return { name, work, data, goals };
}

function words(text: string): string[] {
  return text.split(" ");
}

/** zstd and lz4 came to pg_dump with version 16. */
const newCodecs = { since: 17 } as const;

const formats: readonly BenchCase[] = [
  dump("plain", "-Fp", "-Fp -j1", { ...plain, time: 0.92 }),
  dump("plain-2-jobs", "-Fp", "-Fp -j2", { ...plain, time: 0.75 }),
  dump("plain-gzip", "-Fp -Z6", "-Fp -Zgzip -j2", compressed),
  dump("plain-zstd", "-Fp --compress=zstd:3", "-Fp -Zzstd:3 -j2", compressed, newCodecs),
  dump("plain-lz4", "-Fp --compress=lz4", "-Fp -Zlz4 -j2", compressed, newCodecs),
  dump("custom", "-Fc", "-Fc", { ...compressed, time: 0.32, size: 1.15 }),
  dump("custom-encrypted", "-Fc", `-Fc --encrypt --key-env ${BENCH_KEY}`, compressed),
  dump("custom-1-job", "-Fc", "-Fc -j1", { ...compressed, size: 1.15 }),
  dump("custom-gzip-6", "-Fc", "-Fc -Zgzip:6", { ...compressed, size: 1.01 }),
  dump("custom-none", "-Fc -Z0", "-Fc -Znone -j2", plain),
  dump("custom-zstd", "-Fc --compress=zstd:3", "-Fc -Zzstd:3 -j2", { ...compressed, time: 0.9 }, newCodecs),
  dump("custom-zstd-beside-gzip", "-Fc", "-Fc -Zzstd:3 -j2", { ...compressed, time: 0.22 }),
  dump("custom-lz4", "-Fc --compress=lz4", "-Fc -Zlz4 -j2", compressed, newCodecs),
  dump("directory", "-Fd -j2", "-Fd -j2", { ...compressed, time: 0.4 }),
  dump("directory-none", "-Fd -j2 -Z0", "-Fd -j2 -Znone", { ...plain, time: 0.9 }),
  dump("directory-zstd", "-Fd -j2 --compress=zstd:3", "-Fd -j2 -Zzstd:3", compressed, newCodecs),
  dump("directory-lz4", "-Fd -j2 --compress=lz4", "-Fd -j2 -Zlz4", compressed, newCodecs),
  dump("tar", "-Ft", "-Ft -j2", plain),
];

const manyObjects: readonly BenchCase[] = [
  dump("tables-schema", "-s", "-s -Fp", { ...plain, time: 0.7 }, { data: "tables" }),
  dump("tables-plain", "-Fp", "-Fp", plain, { data: "tables" }),
  dump("tables-custom", "-Fc", "-Fc", { ...compressed, time: 0.35 }, { data: "tables" }),
  dump("tables-directory", "-Fd -j2", "-Fd -j2", compressed, { data: "tables" }),
  dump("tables-schema-far", "-s", "-s -Fp", { ...plain, time: 0.2 }, { data: "tables", isFar: true }),
  dump("tables-custom-far", "-Fc", "-Fc", compressed, { data: "tables", isFar: true }),
  dump("large-objects", "-Fc", "-Fc", { ...compressed, time: 0.4 }, { data: "large-objects", majors: [17] }),
];

const wide: readonly BenchCase[] = [
  dump("wide-plain", "-Fp", "-Fp -j2", plain, { data: "wide-values" }),
  dump("wide-custom", "-Fc", "-Fc -j2", compressed, { data: "wide-values" }),
  dump("huge-custom", "-Fc", "-Fc -j2", compressed, { data: "huge-values" }),
];

const restores: readonly BenchCase[] = [
  restore("restore-table-1-job", "indexed", 1, compressed),
  restore("restore-table", "indexed", 2, { ...compressed, time: 0.75 }),
  restore("restore-table-directory", "indexed", 2, compressed, "-Fd -j2"),
  restore("restore-many-1-job", "many-tables", 1, compressed),
  restore("restore-many", "many-tables", 2, { ...compressed, time: 0.9 }),
];

export const benchCases: readonly BenchCase[] = [...formats, ...manyObjects, ...wide, ...restores];
