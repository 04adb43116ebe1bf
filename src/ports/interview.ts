/** One question to the user, which a flag answers as well. */
export interface Question {
  /** What answers it on the command line: `--repo`. */
  readonly flag: string;
  readonly text: string;
  /** What Enter takes. Undefined: there is nothing that would serve. */
  readonly default?: string;
  /** The default is one of several that would do: nobody but the user can know. */
  readonly isGuess?: boolean;
  /** Numbered from 1; the answer is one of them. */
  readonly choices?: readonly { readonly value: string; readonly text: string }[];
}

/** Who answers: a user at a terminal, or what was said beforehand. */
export interface Interview {
  /** @throws BackupError USAGE when nobody is there to answer, INTERRUPTED */
  ask(question: Question): Promise<string>;
  /** Something that the user should know now. */
  tell(...lines: readonly string[]): void;
}

/** A terminal with somebody at it. */
export interface Prompt extends Disposable {
  /** A line, without its end. @throws BackupError INTERRUPTED */
  ask(text: string, signal: AbortSignal): Promise<string>;
}
