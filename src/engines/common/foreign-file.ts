import { BackupError } from "../../core/backup-error.ts";

/** Files that people give to a restore, known by how they begin: what they are, and how to go on. */
const known: readonly {
  readonly starts: readonly (readonly number[])[];
  readonly is: string;
  readonly hint: string;
}[] = [
  {
    starts: [
      [0xff, 0xfe],
      [0xfe, 0xff],
    ],
    is: "text in UTF-16, which no server takes",
    hint: "convert it (iconv -f UTF-16 -t UTF-8); in PowerShell let the dump write its file itself, instead of >",
  },
  { starts: [[0xfd, 0x37, 0x7a, 0x58, 0x5a]], is: "compressed by xz", hint: unpackWith("xz -dc") },
  { starts: [[0x42, 0x5a, 0x68]], is: "compressed by bzip2", hint: unpackWith("bzip2 -dc") },
  { starts: [[0x50, 0x4b, 0x03, 0x04]], is: "a zip archive", hint: "unpack it, and restore what is in it" },
  { starts: [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]], is: "a 7z archive", hint: "unpack it, and restore what is in it" },
];

function unpackWith(command: string): string {
  return `unpack it: ${command} FILE | dbbackup restore single - ...`;
}

/**
 * The error for a file that is no backup.
 * @param head its first bytes
 * @param otherwise what to say of one that nothing more is known of
 */
export function foreignFile(head: Buffer, otherwise: { readonly message: string; readonly hint: string }): BackupError {
  const found = known.find(({ starts }) => starts.some((start) => start.every((byte, at) => head[at] === byte)));
  if (found !== undefined) {
    return new BackupError({ code: "FOREIGN_FILE", message: `the file is ${found.is}`, hint: found.hint });
  }
  const message = head.length === 0 ? "the file is empty" : otherwise.message;
  return new BackupError({ code: "FOREIGN_FILE", message, hint: otherwise.hint });
}
