import { encryptSuite } from "./encrypt-suite.ts";

encryptSuite({ whole: false });
