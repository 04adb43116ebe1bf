import { expect, test } from "vitest";
import { tableReferences, withoutReferences } from "./table-references.ts";

const binary = (text: string): string => Buffer.from(text).toString("latin1");

const table = binary(
  "CREATE TABLE `ord``ers` (\n" +
    "  `id` bigint(20) NOT NULL DEFAULT nextval(`db`.`números`) COMMENT 'a, b',\n" +
    "  `n` int(11) DEFAULT nextval(`other`),\n" +
    "  `c` varchar(50) DEFAULT ' DEFAULT nextval(`other`)',\n" +
    "  `p` int(11) DEFAULT NULL COMMENT 'FOREIGN KEY (`p`) REFERENCES `x` (`y`)',\n" +
    "  PRIMARY KEY (`id`),\n" +
    "  KEY `k` (`p`,`n`),\n" +
    "  CONSTRAINT `of_büyer` FOREIGN KEY (`p`) REFERENCES `büyers` (`id`) ON DELETE CASCADE,\n" +
    "  CONSTRAINT `a)b` FOREIGN KEY (`p`, `n`) REFERENCES `else``where`.`t` (`x`, `y`)\n" +
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
);

test("foreign keys, and defaults of sequences, are found, and nothing in strings is", () => {
  expect(tableReferences(table)).toEqual({
    foreignKeys: [
      { name: "of_büyer", table: "büyers" },
      { name: "a)b", database: "else`where", table: "t" },
    ],
    defaults: [
      { column: "id", sequence: "números" },
      { column: "n", sequence: "other" },
    ],
  });
  expect(tableReferences("DROP TABLE IF EXISTS `t`")).toBeUndefined();
});

test("what is left out goes by itself, and the rest stays as it is", () => {
  const without = withoutReferences(table, {
    foreignKey: ({ name }) => name === "of_büyer",
    default: ({ sequence }) => sequence === "números",
  });
  expect(without).toBe(
    table.replace(binary(" DEFAULT nextval(`db`.`números`)"), "").replace(/ {2}CONSTRAINT `of_.*CASCADE,\n/, ""),
  );
  expect(without).not.toBe(table);
  const last = withoutReferences(table, { foreignKey: ({ table: other }) => other === "t", default: () => false });
  expect(tableReferences(last)?.foreignKeys).toEqual([{ name: "of_büyer", table: "büyers" }]);
  expect(last).toContain("CASCADE\n) ENGINE");
  expect(withoutReferences(table, { foreignKey: () => false, default: () => false })).toBe(table);
});
