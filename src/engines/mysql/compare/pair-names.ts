import { namesUnder } from "../objects/names-as-kept.ts";

/** How a server keeps names: its `lower_case_table_names`. */
export interface NamingServer {
  readonly facts: { readonly variables: ReadonlyMap<string, string> };
}

/**
 * Which name of the right side means what a name of the left side does: the same one, and where a server ignores capitals the one that
 * differs in nothing else, if it is the only one on both sides.
 * @returns names of the right side by those of the left; who has no other is not in it
 */
export function pairNames(
  left: Iterable<string>,
  right: Iterable<string>,
  servers: readonly NamingServer[],
): ReadonlyMap<string, string> {
  const [ofLeft, ofRight] = [new Set(left), new Set(right)];
  const pairs = new Map([...ofLeft].filter((name) => ofRight.has(name)).map((name) => [name, name]));
  const settings = servers.map(({ facts }) => facts.variables.get("lower_case_table_names"));
  const setting = settings.find((one) => one !== undefined && one !== "0");
  if (setting === undefined) return pairs;
  const named = namesUnder(setting);
  const alone = (names: ReadonlySet<string>) =>
    Map.groupBy(
      [...names].filter((name) => !pairs.has(name)),
      named,
    );
  const others = alone(ofRight);
  for (const [kept, names] of alone(ofLeft)) {
    const found = others.get(kept);
    if (names.length === 1 && found?.length === 1) pairs.set(names[0]!, found[0]!);
  }
  return pairs;
}
