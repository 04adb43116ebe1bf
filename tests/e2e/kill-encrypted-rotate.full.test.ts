import { killEncryptedSuite } from "./kill-encrypted-suite.ts";

killEncryptedSuite({ points: 40, seed: 20_261_122, only: "rotate" });
