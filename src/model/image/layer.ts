import type { Evidence, Span } from '../../finding.ts';
import type { Dockerfile, DockerInstruction } from '../../parse/dockerfile.ts';

/** A claim about a container, with what it rests on. `unknown` never leads to an applied fix. */
export type Answer = { readonly is: 'yes' | 'no' | 'unknown'; readonly evidence: readonly Evidence[] };

/** What a container path holds. */
export type ContainerFile =
  | { readonly kind: 'repo'; readonly path: string; readonly at: Span }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string };

/** One instruction of an image, with the state that it meets. */
export interface ImageLayer {
  readonly instruction: DockerInstruction;
  readonly dockerfile: Dockerfile;
  /** Absolute. */
  readonly workdir: string;
  /** As whom a RUN works; `undefined` is the base image's user, which is root in official images. */
  readonly user: string | undefined;
  /** The build context's folder; `undefined` when it is not in the repository. */
  readonly context: string | undefined;
  /** Resolves `$NAME` and `${NAME:-x}` with the ENV and ARG in force here. */
  readonly expand: (text: string) => string;
}
