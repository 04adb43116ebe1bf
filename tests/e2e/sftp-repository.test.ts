import { sftpRepositorySuite } from "./sftp-repository-suite.ts";

sftpRepositorySuite(false);
