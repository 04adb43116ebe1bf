/** What is used of the library, for its file in the package. It is CommonJS: its names are on the default export. */
import ssh2 from "ssh2";

export const Client = ssh2.Client;
export const parseKey = ssh2.utils.parseKey;
