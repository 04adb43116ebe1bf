// Writes the manual pages into man/, from the tables of commands and options. The package gets its own when it is made.
import { join } from "node:path";
import { writeManPages } from "./man-pages.ts";

writeManPages(join(import.meta.dirname, "..", "man"));
