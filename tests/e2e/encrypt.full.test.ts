import { encryptSuite } from "./encrypt-suite.ts";

encryptSuite({ whole: true });
