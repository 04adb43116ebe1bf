import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Test files that run the program come first: they take seconds, all others less, so that at the end no worker waits long
 * for the last one. vitest's own order, by size while it has not seen a run, puts files of one line to the end.
 */
export class EndToEndFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [first, last] = [files.filter(isEndToEnd), files.filter((file) => !isEndToEnd(file))];
    // oxlint-disable-next-line unicorn/no-array-sort -- not an array's.
    return [...(await super.sort(first)), ...(await super.sort(last))];
  }
}

function isEndToEnd({ moduleId }: TestSpecification): boolean {
  return moduleId.includes("/tests/e2e/");
}
