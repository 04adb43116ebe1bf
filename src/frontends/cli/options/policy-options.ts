import type { Option } from "./option.ts";

/** How databases are to be protected. */
export const policyOptions = [
  {
    name: "max-age",
    type: "duration",
    min: 1,
    default: "26h",
    environment: false,
    config: "policies.max_age",
    help: "the last good backup of each database may be so old",
  },
  {
    name: "max-proof-age",
    type: "duration",
    min: 1,
    default: "35d",
    environment: false,
    config: "policies.max_proof_age",
    help: "the last backup that was restored for proof may be so old",
  },
] as const satisfies readonly Option[];
