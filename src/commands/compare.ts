import type { CompareContext, CompareRequest, Comparer, Comparison } from "../ports/comparison.ts";

/** What the use case needs. */
export interface ComparePorts {
  readonly comparer: Comparer;
}

/** Says whether two databases hold the same, and what differs. Changes neither. */
export async function compare(
  request: CompareRequest,
  { comparer }: ComparePorts,
  context: CompareContext,
): Promise<Comparison> {
  return comparer.compare(request, context);
}
