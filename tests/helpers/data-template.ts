import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { mustRun } from "./run-program.ts";
import { serverUser } from "./server-user.ts";

/**
 * A data directory fresh from initdb, kept in the cache folder: copying it takes 0.1 s, making it 1-2 s.
 * Never start a server on it; copy it.
 */
export async function dataTemplate(binaries: string, initdbArgs: readonly string[]): Promise<string> {
  const user = serverUser();
  const key = createHash("sha256").update(JSON.stringify(initdbArgs)).digest("hex").slice(0, 12);
  const folder = join(cacheFolder(), "data", `${basename(binaries)}-${user.uid ?? "own"}-${key}`);
  await buildOnce(folder, async (privateFolder) => {
    if (user.uid !== undefined) await mustRun("chown", [`${user.uid}:${user.gid}`, privateFolder]);
    await mustRun(join(binaries, "bin", "initdb"), ["-D", privateFolder, "--no-sync", ...initdbArgs], {
      ...user,
      cwd: privateFolder,
      // The time zone that initdb finds goes into the settings; a fixed one makes runs on all machines alike.
      env: { LC_ALL: undefined, LANG: "C.UTF-8", TZ: "UTC" },
    });
  });
  return folder;
}
