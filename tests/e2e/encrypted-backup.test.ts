import { encryptedBackupSuite } from "./encrypted-backup-suite.ts";

encryptedBackupSuite({ whole: false });
