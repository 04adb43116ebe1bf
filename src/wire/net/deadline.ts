/**
 * What `work` gives, unless the signal aborts first: for work that cannot be stopped (the resolver, a key derivation). It
 * goes on unseen then.
 */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** A signal that aborts after a while or with another signal; its timer ends with the scope. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #parent: AbortSignal | undefined;
  readonly #onParent = (): void => this.#controller.abort(this.#parent?.reason);

  /** `milliseconds` 0: no limit of its own. `reason` makes what the signal is aborted with. */
  constructor(milliseconds: number, reason: () => Error, parent?: AbortSignal) {
    this.#parent = parent;
    if (parent?.aborted === true) this.#onParent();
    else parent?.addEventListener("abort", this.#onParent, { once: true });
    if (milliseconds > 0) this.#timer = setTimeout(() => this.#controller.abort(reason()), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener("abort", this.#onParent);
  }
}
