/** What a supervisor must know of a kind of server, beyond how to own processes and folders. */
export interface ServerPlan {
  /** Its name, for messages: `the server`. */
  readonly user: string;
  /** Names the socket where the protocol wants one; nothing listens on the network. */
  readonly port: number;
  /** Makes the programs ready, in the folder that is the supervisor's. */
  prepare(): Promise<void>;
  /** Ways to make the data folder; the next one is tried where one fails. None may be needed. */
  readonly initialise: readonly ProgramCall[];
  readonly serve: ProgramCall;
  isReady(): Promise<boolean>;
  /** How to stop it, in the order to try: a signal, and how many milliseconds it gets. */
  readonly stop: readonly (readonly [signal: NodeJS.Signals, patience: number])[];
  /** What ends it at once when it takes more memory than it may. */
  readonly quit: NodeJS.Signals;
}

export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
}

/** The folders of one server. */
export interface ServerPaths {
  readonly folder: string;
  readonly data: string;
  readonly socket: string;
  readonly work: string;
}
