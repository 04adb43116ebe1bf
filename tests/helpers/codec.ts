import { createCodec } from "../../src/stages/codec.ts";

/** The codec of the program, for tests beside code that must not know its implementation. */
export const codec = createCodec();
