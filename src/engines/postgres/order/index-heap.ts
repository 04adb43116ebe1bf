/** A heap of non-negative integers that gives the largest first. */
export class IndexHeap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! >= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  popLargest(): number | undefined {
    const items = this.#items;
    const largest = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return largest;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && items[child + 1]! > items[child]!) child++;
      if (items[child]! <= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return largest;
  }
}
