import { readdir, readFile } from "node:fs/promises";

/** Linux counts CPU time in hundredths of a second, whatever its own clock is. */
const TICKS_PER_SECOND = 100;

/** CPU time that a server has taken since its start: its postmaster's, its ended processes' and those that live, in seconds. */
export async function serverCpuSeconds(postmaster: number): Promise<number> {
  const living = await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(statOf));
  const ticks = living.map((stat) => {
    if (stat.pid === postmaster) return stat.own + stat.children;
    return stat.parent === postmaster ? stat.own : 0;
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly own: number;
  readonly children: number;
}

async function statOf(pid: string): Promise<ProcessStat> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field, the program's name in brackets, may hold anything. "man 5 proc": ppid is 4, utime 14, stime 15, cutime 16, cstime 17.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const sum = (...numbers: number[]) => numbers.reduce((total, number) => total + (fields[number - 3] ?? 0), 0);
  return { pid: Number(pid), parent: fields[1] ?? 0, own: sum(14, 15), children: sum(16, 17) };
}
