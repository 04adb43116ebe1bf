/** Capability flags of the handshake (MySQL source documentation, "Capabilities Flags"). */
export const Capability = {
  longPassword: 1,
  longFlag: 1 << 2,
  connectWithDatabase: 1 << 3,
  localFiles: 1 << 7,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  multiResults: 1 << 17,
  pluginAuth: 1 << 19,
  connectAttributes: 1 << 20,
  pluginAuthLengthEncoded: 1 << 21,
} as const;

/** Status flags of an OK or EOF packet. */
export const ServerStatus = {
  inTransaction: 0x0001,
  moreResults: 0x0008,
  noBackslashEscapes: 0x0200,
} as const;
