/** How much one repository may cost. What takes more is refused with a message that names the limit. */
export interface Limits {
  /** Seconds that one command of git may take. */
  readonly gitSeconds: number;
  /** Bytes on disk, for the clone and all that is made of it. */
  readonly diskBytes: number;
  /** Seconds that working out the repairs may take. */
  readonly repairSeconds: number;
  /** Megabytes of memory that working out the repairs may take. */
  readonly repairMegabytes: number;
}

/** Room for repositories of a company, not for a whole distribution. */
export const LIMITS: Limits = {
  gitSeconds: 300,
  diskBytes: 2_000_000_000,
  repairSeconds: 120,
  repairMegabytes: 1024,
};

/** A number of bytes as people write it. */
export const bytesText = (bytes: number): string =>
  bytes >= 1e9 ? `${bytes / 1e9} GB` : bytes >= 1e6 ? `${bytes / 1e6} MB` : `${bytes} bytes`;
