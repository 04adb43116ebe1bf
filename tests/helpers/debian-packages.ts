import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./run-program.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Where Debian's own list of mirrors may stand, in either of its two notations. */
const SOURCE_FOLDERS = ["/etc/apt", "/etc/apt/sources.list.d"];

/**
 * Fetches packages of another Debian release than the running one, and unpacks them into a folder without installing
 * anything. Needs no root: apt works on lists, a package database and a cache of its own below `work`.
 */
export class DebianRelease {
  readonly #work: string;
  readonly #options: string[];

  private constructor(work: string) {
    this.#work = work;
    const settings = {
      "Dir::State": join(work, "state"),
      "Dir::State::status": join(work, "status"),
      "Dir::Cache": join(work, "cache"),
      "Dir::Etc::SourceList": join(work, "sources.list"),
      "Dir::Etc::SourceParts": "/dev/null",
      "Dir::Etc::Preferences": "/dev/null",
      "Dir::Etc::PreferencesParts": "/dev/null",
      "APT::Sandbox::User": "root",
      "APT::Install-Recommends": "false",
      "Acquire::Languages": "none",
      // A mirror's unstable release may be a few days past its date; its signature is checked all the same.
      "Acquire::Check-Valid-Until": "false",
      "Acquire::Retries": "3",
    };
    this.#options = ["-qq", "-y", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
  }

  /** @param provided packages to treat as installed, so that neither they nor what only they need is fetched */
  static async open(release: string, work: string, provided: readonly string[] = []): Promise<DebianRelease> {
    await mkdir(join(work, "state", "lists", "partial"), { recursive: true });
    await mkdir(join(work, "cache", "archives", "partial"), { recursive: true });
    await writeFile(join(work, "sources.list"), await sourcesOf(release));
    await writeFile(join(work, "status"), provided.map(installedParagraph).join("\n"));
    const opened = new DebianRelease(work);
    await mustRun("apt-get", [...opened.#options, "update"]);
    return opened;
  }

  /** Unpacks `packages` and all they need into `folder`. */
  async unpackWithDependencies(packages: readonly string[], folder: string): Promise<void> {
    await mustRun("apt-get", [...this.#options, "install", "--download-only", ...packages]);
    const archives = join(this.#work, "cache", "archives");
    await this.#unpack(archives, folder);
  }

  /** Unpacks `packages` alone into `folder`. */
  async unpack(packages: readonly string[], folder: string): Promise<void> {
    const downloads = join(this.#work, "downloads");
    await mkdir(downloads, { recursive: true });
    await mustRun("apt-get", [...this.#options, "download", ...packages], { cwd: downloads });
    await this.#unpack(downloads, folder);
  }

  /** Fetches the source of `name` as its authors published it, one tar archive, into `folder`. Answers its path. */
  async source(name: string, folder: string): Promise<string> {
    await mkdir(folder, { recursive: true });
    await mustRun("apt-get", [...this.#options, "source", "--download-only", "--tar-only", name], { cwd: folder });
    const archive = (await readdir(folder)).find((file) => /\.orig\.tar\.\w+$/.test(file));
    if (archive === undefined) throw new Error(`the source of ${name} has no archive of its authors`);
    return join(folder, archive);
  }

  async #unpack(archives: string, folder: string): Promise<void> {
    for (const name of await readdir(archives)) {
      if (name.endsWith(".deb")) await mustRun("dpkg-deb", ["-x", join(archives, name), folder]);
    }
  }
}

/** Whether this machine can fetch Debian packages at all. */
export async function canFetchDebianPackages(): Promise<boolean> {
  return existsSync("/usr/bin/apt-get") && existsSync(KEYRING) && (await mirrors()).length > 0;
}

/** The machine's own mirrors of `debian` and `debian-security`: never a host that nobody here chose. */
async function mirrors(): Promise<string[]> {
  const texts: string[] = [];
  for (const folder of SOURCE_FOLDERS) {
    for (const name of existsSync(folder) ? await readdir(folder) : []) {
      if (/\.(list|sources)$/.test(name)) texts.push(await readFile(join(folder, name), "utf8"));
    }
  }
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => !line.startsWith("#"));
  const found = lines.flatMap((line) => line.match(/\bhttps?:\/\/\S+\/debian(-security)?(?=\/?(\s|$))/g) ?? []);
  return [...new Set(found)];
}

async function sourcesOf(release: string): Promise<string> {
  const lines = (await mirrors()).flatMap((mirror) => {
    const isSecurity = mirror.endsWith("-security");
    if (isSecurity && release === "sid") return [];
    const what = `[signed-by=${KEYRING}] ${mirror} ${release}${isSecurity ? "-security" : ""} main`;
    return [`deb ${what}`, `deb-src ${what}`];
  });
  return `${lines.join("\n")}\n`;
}

function installedParagraph(name: string): string {
  return `Package: ${name}\nStatus: install ok installed\nVersion: 9999\nArchitecture: all\nMaintainer: none\n`;
}
