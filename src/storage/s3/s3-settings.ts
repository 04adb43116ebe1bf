import type { Retention } from "../object/retention.ts";

/** Where objects lie in a service that speaks S3, and how it is asked. */
export interface S3Settings {
  readonly bucket: string;
  /** Before all keys, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Default: as the AWS configuration of this machine says. */
  readonly region?: string | undefined;
  /** URL of a service other than AWS. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket stands in the path and not in the name of the host. */
  readonly forcePathStyle?: boolean | undefined;
  /** Of the AWS configuration files. */
  readonly profile?: string | undefined;
  /** Default: what the SDK's own chain finds (environment, files, roles). */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  readonly storageClass?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly serverSideEncryption?: { readonly algorithm: string; readonly keyId?: string } | undefined;
}
