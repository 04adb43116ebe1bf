// What the scanning functions of copy-scanner.as.ts answer. AssemblyScript. The host's names for the same numbers:
// ScanStatus in copy-scanner-instance.ts.

/** All input was taken. */
export const MORE: i32 = 0;
/** The output block is full: give the next one with setOutput and call again from position(). */
export const FULL: i32 = 1;
/** At position() a message begins that is not CopyData. */
export const OTHER: i32 = 2;
/** A CopyData message says a length that cannot be: badLength(). */
export const BAD_LENGTH: i32 = 3;
/** The line that ends COPY data begins at position(). */
export const END_OF_DATA: i32 = 4;
/** From position() on are the 1 or 2 bytes that may become the line that ends COPY data: present them again with more. */
export const UNDECIDED: i32 = 5;
/** Binary rows that cannot be: other columns than said, another version of a format. */
export const BAD_ROW: i32 = 6;
/** A binary row that is longer as text than a server can read. */
export const LONG_ROW: i32 = 7;
