import type { EntryStep } from "../../archive/entry-script.ts";

/** Settings one by one, as they hold for what follows too; then what makes the entry, with the note of it. */
export function withNote(steps: readonly EntryStep[], note: string): string[] {
  const making = steps.filter(({ kind }) => kind !== "setting").map(({ sql }) => sql);
  return [...steps.filter(({ kind }) => kind === "setting").map(({ sql }) => sql), inOneMessage([...making, note])];
}

/** The server executes one message as one transaction. */
export function inOneMessage(statements: readonly string[]): string {
  return statements.filter((sql) => sql !== "").join(";\n");
}
