import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Names a process for as long as it lives, and never another one. */
export interface ProcessName {
  /** Of this start of the machine; its name where nothing else tells. */
  readonly boot: string;
  readonly pid: number;
  /** When it began, in clock ticks since the start of the machine; empty where that cannot be known. */
  readonly started: string;
}

export function thisProcess(): ProcessName {
  return { boot: bootName(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

/** Whether that process is there. One of another machine, or from before this one's last start, is not. */
export function isAlive({ boot, pid, started }: ProcessName): boolean {
  if (boot !== bootName()) return false;
  if (started !== "") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Tells this machine from others: paths of folders mean nothing elsewhere. No name that says who it is. */
export function machineName(): string {
  const id = textOf("/etc/machine-id") ?? "";
  return createHash("sha256").update(`dbbackup catalogue\0${id}\0${hostname()}`).digest("hex").slice(0, 32);
}

function bootName(): string {
  return textOf("/proc/sys/kernel/random/boot_id") ?? hostname();
}

function startOf(pid: number): string | undefined {
  // Behind the name in brackets, which may hold anything: field 22 of all.
  const fields = textOf(`/proc/${pid}/stat`);
  return fields
    ?.slice(fields.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
