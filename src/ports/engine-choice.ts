/** Who reads and writes databases: this program, or the server's own programs. */
export interface EngineChoice {
  /** `auto`: this program, and the others where it says before the first byte that it cannot. */
  readonly name: "native" | "tools" | "auto";
  /** The folder of those programs; else they are looked for on PATH. */
  readonly toolsPath?: string;
}
