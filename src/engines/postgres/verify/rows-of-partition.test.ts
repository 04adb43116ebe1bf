import { expect, test } from "vitest";
import { rowsOfPartition } from "./rows-of-partition.ts";

const before = (name: string, more = "") =>
  `\n\n\n--\n-- Data for Name: ${name}; Type: TABLE DATA; Schema: s; Owner: o\n--\n\n${more}COPY s.root (a) FROM stdin;\n1\n`;
const through = "-- load via partition root s.root\n\n";

test("the comment names the partition whose rows go through the root", () => {
  expect(rowsOfPartition(before("leaf_0", through))).toEqual({ schema: "s", name: "leaf_0" });
  expect(rowsOfPartition(before('odd; Type: "name', through))).toEqual({ schema: "s", name: 'odd; Type: "name' });
});

test("other rows are those of the table that COPY names", () => {
  expect(rowsOfPartition(before("leaf_0"))).toBeUndefined();
  expect(rowsOfPartition(`COPY s.t (a) FROM stdin;\n${before("leaf_0", through)}`)).toBeUndefined();
  expect(rowsOfPartition("")).toBeUndefined();
});
