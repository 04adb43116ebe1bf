import { killEncryptedSuite } from "./kill-encrypted-suite.ts";

killEncryptedSuite({ points: 2, seed: 4711 });
