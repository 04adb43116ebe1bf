/**
 * Type bytes of messages a server sends (PostgreSQL manual, "Message Formats"; the same from 10 to 18).
 * FunctionCallResponse and the extended protocol's messages are left out: we never ask for them.
 */
export const MessageType = {
  authentication: 0x52, // R
  backendKeyData: 0x4b, // K
  commandComplete: 0x43, // C
  copyBothResponse: 0x57, // W
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  dataRow: 0x44, // D
  emptyQueryResponse: 0x49, // I
  errorResponse: 0x45, // E
  negotiateProtocolVersion: 0x76, // v
  noticeResponse: 0x4e, // N
  notificationResponse: 0x41, // A
  parameterStatus: 0x53, // S
  readyForQuery: 0x5a, // Z
  rowDescription: 0x54, // T
} as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Largest value a server can send in one message; a whole row may not be larger either. */
export const maxRowMessage = 1024 * mebibyte;
const maxErrorMessage = mebibyte;
/** 65535 columns with names of 63 bytes and 19 bytes of properties fit. */
const maxRowDescription = 16 * mebibyte;
const maxOtherMessage = mebibyte;
/** Nobody who has not authenticated needs more: an authentication request, an error. */
const maxBeforeAuthentication = 64 * kibibyte;

const known: ReadonlySet<number> = new Set(Object.values(MessageType));

/**
 * The largest length (as the message says it, without the type byte) that is accepted for a message of `type`;
 * 0 for a type that no server sends us.
 */
export function messageLimit(type: number, authenticated: boolean): number {
  if (!known.has(type)) return 0;
  if (!authenticated) return maxBeforeAuthentication;
  switch (type) {
    case MessageType.dataRow:
    case MessageType.copyData:
      return maxRowMessage;
    case MessageType.rowDescription:
      return maxRowDescription;
    case MessageType.errorResponse:
    case MessageType.noticeResponse:
      return maxErrorMessage;
    default:
      return maxOtherMessage;
  }
}
