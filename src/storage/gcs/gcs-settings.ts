import type { Retention } from "../object/retention.ts";

/** Where objects lie in Google Cloud Storage, and how it is asked. */
export interface GcsSettings {
  readonly bucket: string;
  /** Before all keys, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** URL of the service without a slash at its end. */
  readonly endpoint: string;
  /** An emulator is asked, which wants no credentials. */
  readonly isAnonymous: boolean;
  /** Project that pays for the requests, where the bucket lets those pay who ask. */
  readonly project?: string | undefined;
  readonly storageClass?: string | undefined;
  /** Name of a key of Cloud KMS that what is written is encrypted with. Default: as the bucket says. */
  readonly kmsKey?: string | undefined;
  readonly retention?: Retention | undefined;
}
