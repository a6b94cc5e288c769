import type { Span } from '../finding.ts';

/** A word of an instruction's arguments, quotes and escapes removed in `text`, kept in `source`. */
export interface DockerWord {
  readonly text: string;
  readonly source: string;
  readonly at: Span;
}

/** `--from=builder`, `--mount=type=bind,…`. */
export interface DockerFlag {
  readonly name: string;
  readonly value: string | undefined;
  readonly at: Span;
}

export interface DockerHeredoc {
  readonly name: string;
  readonly body: Span;
  readonly expands: boolean;
}

export interface DockerInstruction {
  /** Upper case. */
  readonly keyword: string;
  /** Keyword to the end of the last content character (heredocs included). */
  readonly at: Span;
  /** Whole lines, newline included. */
  readonly lines: Span;
  readonly flags: readonly DockerFlag[];
  /** What follows the flags. */
  readonly args: Span;
  /** The arguments with continuations joined and comment lines dropped, as Docker hands them to the shell. */
  readonly script: string;
  /** Exec form, by Docker's own rule (a JSON array of strings). */
  readonly exec: readonly string[] | undefined;
  /** Arguments as words (COPY, ADD, ENV, WORKDIR, USER, EXPOSE, FROM, ARG …). */
  readonly words: readonly DockerWord[];
  readonly heredocs: readonly DockerHeredoc[];
  /** Index of the stage; -1 before the first FROM. */
  readonly stage: number;
  /** Comment lines directly above the instruction (no blank line between). */
  readonly comments: readonly Span[];
}

export interface DockerStage {
  readonly index: number;
  /** Image or earlier stage's name, as written. */
  readonly base: string;
  readonly name: string | undefined;
  readonly from: DockerInstruction;
  readonly instructions: readonly DockerInstruction[];
}

export interface Dockerfile {
  readonly path: string;
  readonly text: string;
  readonly escape: '\\' | '`';
  readonly instructions: readonly DockerInstruction[];
  readonly stages: readonly DockerStage[];
  /** Reasons not to edit: unterminated heredoc, boundaries that differ from BuildKit's, no FROM, a 10 MB line … */
  readonly problems: readonly { readonly at: Span; readonly message: string; readonly hint: string }[];
}

export declare function readDockerfile(path: string, text: string): Dockerfile;
/** `key=value` pairs of ENV, ARG and LABEL (both ENV forms; several per line). `value` undefined: `ARG X`. */
export declare function assignmentsOf(instruction: DockerInstruction): readonly { readonly name: string; readonly value: string | undefined; readonly at: Span }[];
/** Sources and destination of COPY/ADD, in either form. */
export declare function copyOf(instruction: DockerInstruction): { readonly sources: readonly DockerWord[]; readonly destination: DockerWord; readonly from: string | undefined } | undefined;
/** An argv as exec form text: `["gunicorn", "app:app"]`. */
export declare function execForm(argv: readonly string[]): string;
