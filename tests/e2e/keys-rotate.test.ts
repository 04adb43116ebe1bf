import { keysRotateSuite } from "./keys-rotate-suite.ts";

keysRotateSuite({ whole: false });
