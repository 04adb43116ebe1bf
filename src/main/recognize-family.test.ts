import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createCodec } from "../stages/codec.ts";
import { recognizeFamily, recognizeStoredFamily } from "./recognize-family.ts";

test.each([
  ["mysql", "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost"],
  ["mysql", "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19"],
  ["mysql", "/*!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19"],
  ["mysql", "-- dbbackup 4.0.0: dump of a database of MariaDB 10.11.6-MariaDB\n"],
  ["mysql", "-- MariaDB dump 10.19  Distrib 10.5.29-MariaDB"],
  ["mysql", "/*!40101 SET NAMES utf8mb4 */;\n"],
  ["mysql", "\u{feff}-- MySQL dump 10.13"],
  ["postgres", "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc"],
  ["postgres", "--\n-- PostgreSQL database cluster dump\n--"],
  ["postgres", "PGDMP\u0001\u000e"],
  [undefined, "SELECT 1;"],
  [undefined, ""],
])("%s: %j", (family, text) => {
  expect(recognizeFamily(Buffer.from(text))).toBe(family);
});

test("also behind compression, however little of the file is there", async () => {
  const script = Buffer.concat([Buffer.from("-- MariaDB dump 10.19\n"), Buffer.alloc(100_000, "INSERT INTO t;\n")]);
  const codec = createCodec();
  for (const stored of [gzipSync(script), zstdCompressSync(script), script]) {
    expect(await recognizeStoredFamily(stored, codec)).toBe("mysql");
  }
  expect(await recognizeStoredFamily(gzipSync(script).subarray(0, 300), codec)).toBe("mysql");
  expect(await recognizeStoredFamily(Buffer.from([0x1f, 0x8b, 0x08, 1, 2, 3]), codec)).toBeUndefined();
});
