import { connectSftp } from "./connect-sftp.ts";
import { sftpError } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { SftpSettings } from "./sftp-settings.ts";

/** A connection that is made when it is needed, and anew when it broke. */
export class SftpLink {
  readonly #settings: SftpSettings;
  readonly #sdk: typeof import("./sftp-sdk.ts");
  #session: Promise<SftpSession> | undefined;

  private constructor(settings: SftpSettings, sdk: typeof import("./sftp-sdk.ts")) {
    this.#settings = settings;
    this.#sdk = sdk;
  }

  /** Loads the library. */
  static async open(settings: SftpSettings): Promise<SftpLink> {
    return new SftpLink(settings, await import("./sftp-sdk.ts"));
  }

  /**
   * Asks the server for something.
   * @param doing for messages: `writing`
   * @param object for messages: its URL
   */
  async use<R>(doing: string, object: string, ask: (session: SftpSession) => Promise<R>): Promise<R> {
    const session = await this.#connected();
    try {
      return await ask(session);
    } catch (error) {
      throw sftpError(doing, object, error);
    }
  }

  async #connected(): Promise<SftpSession> {
    const existing = this.#session;
    if (existing !== undefined) {
      const session = await existing;
      if (!session.isOver) return session;
      if (this.#session === existing) this.#session = undefined;
      return await this.#connected();
    }
    const connecting = connectSftp(this.#settings, this.#sdk);
    this.#session = connecting;
    try {
      return await connecting;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }
}
