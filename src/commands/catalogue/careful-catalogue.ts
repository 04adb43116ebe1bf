import { BackupError } from "../../core/backup-error.ts";
import type { Catalogue, KnownRepository, Operation, OperationEnd, OperationStart } from "../../ports/catalogue.ts";

/**
 * A catalogue that never makes anybody fail: at the first thing that goes wrong it tells, and from then on it knows nothing and
 * remembers nothing.
 */
export class CarefulCatalogue implements Catalogue {
  readonly location: string;
  readonly #tell: (error: BackupError) => void;
  #inner: Catalogue | undefined;

  constructor(inner: Catalogue, tell: (error: BackupError) => void) {
    this.location = inner.location;
    this.#inner = inner;
    this.#tell = tell;
  }

  beginOperation(start: OperationStart): string {
    return this.#try((inner) => inner.beginOperation(start), "");
  }

  endOperation(id: string, end: OperationEnd): void {
    this.#try((inner) => inner.endOperation(id, end), undefined);
  }

  operations(wish: Parameters<Catalogue["operations"]>[0]): readonly Operation[] {
    return this.#try((inner) => inner.operations(wish), []);
  }

  repository(location: string): KnownRepository {
    const known = this.#try((inner) => inner.repository(location), undefined);
    return {
      textOf: (object) => this.#try(() => known?.textOf(object), undefined),
      briefOf: (object) => this.#try(() => known?.briefOf(object), undefined),
      remember: (read) => this.#try(() => known?.remember(read), undefined),
      keepOnly: (keys) => this.#try(() => known?.keepOnly(keys), undefined),
    };
  }

  repositories(): readonly string[] {
    return this.#try((inner) => inner.repositories(), []);
  }

  forgetRepositories(): void {
    this.#try((inner) => inner.forgetRepositories(), undefined);
  }

  check(): void {
    this.#try((inner) => inner.check(), undefined);
  }

  close(): void {
    this.#try((inner) => inner.close(), undefined);
  }

  #try<T>(work: (inner: Catalogue) => T, otherwise: T): T {
    if (this.#inner === undefined) return otherwise;
    try {
      return work(this.#inner);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      this.#giveUp(this.#inner);
      this.#tell(error);
      return otherwise;
    }
  }

  /** Closed at once: nobody else has it, and a full disk that is still held open cannot be unmounted. */
  #giveUp(inner: Catalogue): void {
    this.#inner = undefined;
    try {
      inner.close();
    } catch {
      // What it could not do before it cannot do now; the first failure is the one to tell.
    }
  }
}
