import { LARGEST_SEED } from "../../../core/largest-seed.ts";
import type { Option } from "./option.ts";

/** Which rows a sample begins with. */
export const sampleOptions = [
  {
    name: "sample-ratio",
    type: "integer",
    min: 1,
    environment: false,
    conflicts: ["sample-percent", "sample-count"],
    help: "choose one of N rows of each table",
    details:
      "Each row is chosen or not for itself, by a hash of its key: about one of N, and of a small table perhaps none.",
  },
  {
    name: "sample-percent",
    type: "text",
    placeholder: "P",
    environment: false,
    conflicts: ["sample-ratio", "sample-count"],
    help: "choose P percent of the rows of each table: above 0, at most 100, as 0.5",
  },
  {
    name: "sample-count",
    type: "integer",
    min: 1,
    environment: false,
    conflicts: ["sample-ratio", "sample-percent"],
    help: "choose N rows of each table, or all when it has no more",
    details: "The partitions of a table count as one. Rows that others refer to come on top.",
  },
  {
    name: "sample-seed",
    type: "integer",
    min: 0,
    max: LARGEST_SEED,
    environment: false,
    default: "random, and kept in the metadata",
    help: "choose the same rows as another sample with this seed, as far as they are still there",
  },
] as const satisfies readonly Option[];
