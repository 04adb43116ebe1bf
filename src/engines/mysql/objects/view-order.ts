/** A view and the statement that makes it. */
export interface ViewText {
  readonly name: string;
  readonly create: Buffer;
}

/**
 * Views after those that they select from, else by name: a view with CHECK OPTION is not made over a stand-in, which
 * cannot be updated. Servers put backticks around every name in the statement, so whoever stands there so is taken for a
 * view that is needed; should that make a circle, any order does.
 */
export function viewsInOrder<T extends ViewText>(views: readonly T[]): T[] {
  const byName = new Map(views.map((view) => [view.name, view]));
  const ordered: T[] = [];
  const seen = new Set<string>();
  const visit = (view: T): void => {
    if (seen.has(view.name)) return;
    seen.add(view.name);
    for (const name of namesIn(view.create)) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed);
    }
    ordered.push(view);
  };
  for (const view of views) visit(view);
  return ordered;
}

function namesIn(create: Buffer): Set<string> {
  const names = [...create.toString().matchAll(/`((?:[^`]|``)*)`/g)];
  return new Set(names.map(([, name]) => name!.replaceAll("``", "`")));
}
