import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/**
 * Who may import whom, by folder below src/. The same table stands in docs/ARCHITECTURE.md.
 * A folder may always import itself; for `storage`, `stages` and `secrets` that is the whole adapter family.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ["core"],
  wire: ["core", "ports"],
  "engines/common": ["core", "ports"],
  "engines/postgres": ["core", "ports", "wire", "engines/common"],
  "engines/postgres-tools": ["core", "ports", "wire", "engines/common"],
  "engines/mysql": ["core", "ports", "wire", "engines/common"],
  "engines/mysql-tools": ["core", "ports", "wire", "engines/common"],
  storage: ["core", "ports"],
  stages: ["core", "ports"],
  secrets: ["core", "ports"],
  catalogue: ["core", "ports"],
  commands: ["core", "ports"],
  embedded: ["core", "ports"],
  demo: ["core", "ports", "commands"],
  "frontends/cli": ["core", "ports", "commands", "demo"],
  main: "core ports wire engines/common engines/postgres engines/postgres-tools engines/mysql engines/mysql-tools storage stages secrets catalogue embedded commands demo frontends/cli".split(
    " ",
  ),
};

function folderOf(file: string): string | undefined {
  const path = relative(join(root, "src"), file);
  return Object.keys(mayImport)
    .filter((folder) => path === folder || path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|tsx)$/.test(name) && !name.endsWith(".d.ts") && !name.endsWith(".as.ts"))
  .map((name) => join(root, "src", name));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => resolve(dirname(file), match[1]!));
}

test("every source file lies in a folder of the table", () => {
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((file) => folderOf(file) === undefined)).toEqual([]);
});

test("imports go only where the table allows", () => {
  const broken: string[] = [];
  for (const file of sources) {
    const isTest = file.endsWith(".test.ts");
    const from = folderOf(file)!;
    for (const target of importsOf(file)) {
      const to = folderOf(target);
      const allowed = to === from || (to !== undefined && mayImport[from]?.includes(to) === true);
      // Unit tests beside a source may also use the test helpers and the contract of their port.
      const testHelper = isTest && /^tests\/(helpers|contract)\//.test(relative(root, target));
      // The version stands in one place only.
      const manifest = from === "main" && relative(root, target) === "package.json";
      if (!allowed && !testHelper && !manifest)
        broken.push(`${relative(root, file)} imports ${relative(root, target)}`);
    }
  }
  expect(broken).toEqual([]);
});

test("docs/ARCHITECTURE.md shows the same table", () => {
  const text = readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8");
  for (const [folder, allowed] of Object.entries(mayImport)) {
    expect(text).toContain(`| \`src/${folder}\` | ${allowed.map((name) => `\`${name}\``).join(", ") || "nothing"} |`);
  }
});
