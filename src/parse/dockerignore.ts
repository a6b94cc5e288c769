export interface Dockerignore {
  readonly path: string;
  /** True when Docker leaves the path (relative to the context, `/`-separated, no leading `./`) out of the build context. */
  readonly ignores: (path: string) => boolean;
}

/** Docker's own pattern rules (Go filepath.Match plus `**`, `!`, comments, last match wins), not git's. */
export declare function readDockerignore(path: string, text: string): Dockerignore;
