import { type ChildProcess, spawn } from "node:child_process";

/**
 * A child that outlives us by a moment: when the pipe to it closes, for whatever reason, kill -9 included, it stops the
 * servers that still run and removes the folders that still exist. In sh, because that costs 1 MB and 2 ms, and runs
 * even while our own Node is being deleted.
 *
 * It reads one line per guarded thing: `server PID FOLDER` or `folder FOLDER`. Nothing needs to be released: names of
 * folders are unique, and a process counts as the guarded one only while FOLDER is among its arguments.
 */
const GUARD_SCRIPT = String.raw`
trap '' HUP INT QUIT TERM PIPE
list=$(cat)
ours() { tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -- "$2"; }
running() { printf '%s\n' "$list" | while read -r kind pid folder; do [ "$kind" = server ] && ours "$pid" "$folder" && echo "$pid"; done; }
pids=$(running); [ -n "$pids" ] && kill -QUIT $pids
tries=0
while pids=$(running); [ -n "$pids" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -n "$pids" ] && kill -KILL $pids
printf '%s\n' "$list" | while read -r kind folder; do [ "$kind" = folder ] && rm -rf -- "$folder"; done
`;

let guard: ChildProcess | undefined;

function tell(line: string): void {
  guard ??= startGuard();
  guard.stdin!.write(`${line}\n`);
}

function startGuard(): ChildProcess {
  // Detached: a terminal's Ctrl-C, or a kill of our process group, must not reach it.
  const child = spawn("/bin/sh", ["-c", GUARD_SCRIPT, "dbbackup-test-guard"], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    cwd: "/",
  });
  child.unref();
  child.stdin!.on("error", () => {});
  // An open pipe must not keep us running.
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

/** From now on `folder` is removed when this process ends, however it ends. */
export function guardFolder(folder: string): void {
  tell(`folder ${folder}`);
}

/** From now on the postmaster `pid`, which has `dataDirectory` among its arguments, is stopped when this process ends. */
export function guardServer(pid: number, dataDirectory: string): void {
  tell(`server ${pid} ${dataDirectory}`);
}
