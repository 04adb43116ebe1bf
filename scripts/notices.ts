import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Names, licences and notices of the packages that are bundled, as their licences ask for.
 * @param inputs paths of the files that went into the bundle, relative to `root`
 * @throws Error for a package that says nothing of its licence
 */
export function notices(root: string, inputs: Iterable<string>): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (found !== undefined) folders.add(found);
  }
  const texts = [...folders].map((folder) => noticeOf(join(root, folder)));
  return `dbbackup holds parts of these packages:\n\n${[...new Set(texts)].toSorted().join("\n")}`;
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copyright)(?:[.-].*)?$/i.test(file));
  if (license === undefined && files.length === 0) throw new Error(`package ${name} says nothing of its licence`);
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), "utf8").trim());
  const title = `${name} ${version} (${license ?? "see below"})`;
  return [`${"-".repeat(72)}`, title, "", ...texts, ""].join("\n");
}
