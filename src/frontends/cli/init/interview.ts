import { BackupError } from "../../../core/backup-error.ts";
import { printable } from "../../../core/printable.ts";
import type { Interview, Prompt, Question } from "../../../ports/interview.ts";

/** Who answers questions that no flag has answered. */
export type Answering =
  /** Enter takes the default. */
  | { readonly kind: "user"; readonly prompt: Prompt }
  /** `--yes`: always the default. */
  | { readonly kind: "defaults" }
  /** `--no-input`: the default, where it is the only one that serves. */
  | { readonly kind: "nobody" };

export function interviewBy(
  answering: Answering,
  tell: (lines: readonly string[]) => void,
  signal: AbortSignal,
): Interview {
  return {
    tell: (...lines) => tell(lines),
    async ask(question) {
      if (answering.kind === "user") return await asked(question, answering.prompt, tell, signal);
      const { default: answer, isGuess = false } = question;
      if (answer === undefined || (isGuess && answering.kind === "nobody")) throw unanswered(question);
      return answer;
    },
  };
}

async function asked(
  { text, choices, default: usual }: Question,
  prompt: Prompt,
  tell: (lines: readonly string[]) => void,
  signal: AbortSignal,
): Promise<string> {
  const isNumbered = choices?.some(({ value, text: shown }) => value !== shown) === true;
  if (choices !== undefined && isNumbered)
    tell(choices.map(({ value, text: shown }) => `  ${value}. ${printable(shown)}`));
  const words = choices !== undefined && !isNumbered ? ` (${choices.map(({ value }) => value).join("/")})` : "";
  for (;;) {
    const typed = (await prompt.ask(`${text}${words}${usual === undefined ? "" : ` [${usual}]`} `, signal)).trim();
    const answer = typed === "" ? usual : typed;
    if (answer === undefined) continue;
    if (choices === undefined) return answer;
    const fitting = choices.filter(({ value }) => value === answer || (!isNumbered && value.startsWith(answer)));
    if (fitting.length === 1) return fitting[0]!.value;
    tell([`please answer one of: ${choices.map(({ value }) => value).join(", ")}`]);
  }
}

function unanswered({ flag, text, choices }: Question): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `nobody is asked, and nothing answers: ${text}`,
    details: choices?.map((choice) => choice.text) ?? [],
    hint: flag === "DB" ? "name the database behind init" : `answer with ${flag}`,
  });
}
