import { sampleReferencesSuite } from "./sample-references-suite.ts";

/** It finds no ranges of pages, and has no keys of partitioned tables. */
sampleReferencesSuite(10);
