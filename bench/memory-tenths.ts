import { median } from "./statistics.ts";

export interface MemorySample {
  readonly seconds: number;
  readonly mib: number;
}

/** What was seen in a tenth of a run; nothing when it was too short to look. */
export interface MemoryTenth {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Memory over time in ten steps: a run that grows with what it reads shows it, whatever its peak is. */
export function memoryTenths(samples: readonly MemorySample[], seconds: number): MemoryTenth[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const seen = samples.filter((sample) => Math.min(9, Math.floor((sample.seconds * 10) / seconds)) === tenth);
    const mib = seen.map((sample) => Math.round(sample.mib));
    if (mib.length === 0) return { min: 0, median: 0, max: 0 };
    return { min: Math.min(...mib), median: Math.round(median(mib)), max: Math.max(...mib) };
  });
}

/** `38/52/60 61/61/62 ...`, in MiB. */
export function formatTenths(tenths: readonly MemoryTenth[]): string {
  return tenths.map(({ min, median: middle, max }) => `${min}/${middle}/${max}`).join(" ");
}
