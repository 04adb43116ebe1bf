/** What is used of ssh2 1.17, which brings no types of its own. */
declare module "ssh2" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  /** Attributes of a file, as SFTP version 3 has them: times in seconds. */
  interface Attributes {
    readonly mode: number;
    readonly size: number;
    readonly mtime: number;
    isFile(): boolean;
    isDirectory(): boolean;
  }

  interface FolderEntry {
    readonly filename: string;
    readonly attrs: Attributes;
  }

  interface FileSystemState {
    /** Bytes of a block. */
    readonly f_frsize: number;
    /** Blocks that this user may take. */
    readonly f_bavail: number;
  }

  type Done = (error?: Error | null) => void;
  type Answered<T> = (error: Error | null | undefined, answer: T) => void;

  interface Sftp extends EventEmitter {
    /** Names of extensions that the server has told of, with their versions. */
    readonly _extensions: Readonly<Record<string, string>>;
    open(path: string, flags: number, attributes: { readonly mode?: number }, done: Answered<Buffer>): void;
    close(handle: Buffer, done: Done): void;
    /** Answers less than was asked for at the end of the file only, or an error of code 1 (end of file). */
    read(
      handle: Buffer,
      target: Buffer,
      offset: number,
      length: number,
      position: number,
      done: Answered<number>,
    ): void;
    write(handle: Buffer, bytes: Buffer, offset: number, length: number, position: number, done: Done): void;
    fstat(handle: Buffer, done: Answered<Attributes>): void;
    lstat(path: string, done: Answered<Attributes>): void;
    readdir(path: string, done: Answered<FolderEntry[]>): void;
    mkdir(path: string, attributes: { readonly mode: number }, done: Done): void;
    rmdir(path: string, done: Done): void;
    unlink(path: string, done: Done): void;
    rename(from: string, to: string, done: Done): void;
    ext_openssh_rename(from: string, to: string, done: Done): void;
    ext_openssh_hardlink(from: string, to: string, done: Done): void;
    ext_openssh_fsync(handle: Buffer, done: Done): void;
    ext_openssh_statvfs(path: string, done: Answered<FileSystemState>): void;
  }

  /** One way to say who we are. */
  type LogInMethod =
    | { readonly type: "none"; readonly username: string }
    | { readonly type: "agent"; readonly username: string; readonly agent: string }
    | { readonly type: "publickey"; readonly username: string; readonly key: ParsedKey }
    | { readonly type: "password"; readonly username: string; readonly password: string }
    | {
        readonly type: "keyboard-interactive";
        readonly username: string;
        readonly prompt: (
          name: string,
          instructions: string,
          language: string,
          prompts: readonly { readonly prompt: string; readonly echo?: boolean }[],
          finish: (answers: readonly string[]) => void,
        ) => void;
      };

  interface ConnectSettings {
    readonly sock: Socket;
    readonly username: string;
    readonly readyTimeout: number;
    readonly authHandler: readonly LogInMethod[];
    readonly hostVerifier: (key: Buffer) => boolean;
    readonly algorithms: { readonly serverHostKey: readonly string[] };
  }

  class Client extends EventEmitter {
    connect(settings: ConnectSettings): this;
    sftp(done: Answered<Sftp>): this;
    end(): this;
    destroy(): this;
  }

  interface ParsedKey {
    readonly type: string;
    isPrivateKey(): boolean;
  }

  const utils: { readonly parseKey: (text: Buffer, passphrase?: string) => ParsedKey | Error };
  const ssh2: { readonly Client: typeof Client; readonly utils: typeof utils };
  export default ssh2;
  export type { Attributes, Client, ConnectSettings, FileSystemState, FolderEntry, LogInMethod, ParsedKey, Sftp };
}
