import { DockerfileParser } from 'dockerfile-ast';
import type { Span } from '../finding.ts';
import { heredocOf } from './dockerfile/buildkit-heredocs.ts';
import { execArray, type HeredocBody, type InstructionLine, splitInstructions } from './dockerfile/buildkit-lines.ts';
import { plainWords, quotedWords, unquote } from './dockerfile/buildkit-words.ts';
import { type JoinedText, joinPieces, type Piece } from './dockerfile/joined-text.ts';

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

/** A here-document of RUN, COPY or ADD. `body` is its lines, without the terminator's. */
export interface DockerHeredoc {
  readonly name: string;
  readonly body: Span;
  readonly expands: boolean;
  /** `<<-`: leading tabs are dropped. */
  readonly stripsTabs: boolean;
}

/** One instruction of a Dockerfile, with the boundaries that BuildKit gives it. */
export interface DockerInstruction {
  /** Upper case. */
  readonly keyword: string;
  /** Keyword to the end of the last content character (heredocs included). */
  readonly at: Span;
  /** Whole lines, newline included. */
  readonly lines: Span;
  readonly flags: readonly DockerFlag[];
  /** What follows the flags, without here-document bodies. */
  readonly args: Span;
  /**
   * The arguments with continuations joined and comment lines dropped, as Docker hands them to the shell: for
   * HEALTHCHECK what follows `CMD`, for `RUN <<EOF` the here-document's body.
   */
  readonly script: string;
  /** The file's offset of a character of `script`; `readShell` takes it as its `base`. */
  readonly scriptOffset: (index: number) => number;
  /** Exec form, by Docker's own rule (a JSON array of strings). */
  readonly exec: readonly string[] | undefined;
  /** Arguments as words (COPY, ADD, ENV, WORKDIR, USER, EXPOSE, FROM, ARG …); `ENV NAME a b` has the words `NAME` and `a b`. */
  readonly words: readonly DockerWord[];
  readonly heredocs: readonly DockerHeredoc[];
  /** Index of the stage; -1 before the first FROM. */
  readonly stage: number;
  /** Comment lines directly above the instruction (no blank line between), each from `#` to its end. */
  readonly comments: readonly Span[];
}

/** A build stage: FROM and what follows it. */
export interface DockerStage {
  readonly index: number;
  /** Image or earlier stage's name, as written. */
  readonly base: string;
  /** As written; Docker compares stage names without regard to case. */
  readonly name: string | undefined;
  readonly from: DockerInstruction;
  /** All instructions of the stage, FROM first. */
  readonly instructions: readonly DockerInstruction[];
}

/** A Dockerfile as BuildKit reads it. */
export interface Dockerfile {
  readonly path: string;
  readonly text: string;
  readonly escape: '\\' | '`';
  readonly instructions: readonly DockerInstruction[];
  readonly stages: readonly DockerStage[];
  /** Reasons not to edit: unterminated heredoc, an unknown instruction, boundaries in doubt, no FROM, a too long line … */
  readonly problems: readonly { readonly at: Span; readonly message: string; readonly hint: string }[];
}

/** https://docs.docker.com/reference/dockerfile/#overview */
const KEYWORDS: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);
const EXEC_KEYWORDS: ReadonlySet<string> = new Set('ADD CMD COPY ENTRYPOINT HEALTHCHECK RUN SHELL VOLUME'.split(' '));
const PLAIN_WORDS: ReadonlySet<string> = new Set('ADD COPY EXPOSE FROM VOLUME'.split(' '));
const ONE_WORD: ReadonlySet<string> = new Set('MAINTAINER STOPSIGNAL USER WORKDIR'.split(' '));

/** Reads a Dockerfile; never throws, what Docker would refuse stands in `problems`. */
export function readDockerfile(path: string, text: string): Dockerfile {
  const split = splitInstructions(text);
  const span = ({ start, end }: Piece): Span => ({ path, start, end });
  const problems = split.problems.map(({ at, message, hint }) => ({ at: span(at), message, hint }));
  const instructions: DockerInstruction[] = [];
  let stage = -1;
  for (const line of split.instructions) {
    if (line.keyword === 'FROM') stage += 1;
    instructions.push(readInstruction(path, text, line, split.escape, stage));
    if (KEYWORDS.has(line.keyword)) continue;
    const at = span(line.at);
    problems.push({
      at,
      message: `Docker knows no instruction "${line.keyword}", so the build stops here`,
      hint: 'Correct or remove the line',
    });
  }
  if (stage < 0) {
    const at = { path, start: 0, end: 0 };
    problems.push({
      at,
      message: 'The file has no FROM, so Docker cannot build it',
      hint: 'Start with a FROM instruction',
    });
  }
  const doubt = secondOpinion(text, split.instructions);
  if (doubt) {
    const message = 'Two readers of the file disagree on where this instruction begins, so it is left alone';
    problems.push({ at: span(doubt), message, hint: 'Write the instruction in a simpler way' });
  }
  return { path, text, escape: split.escape, instructions, stages: stagesOf(instructions), problems };
}

const stagesOf = (instructions: readonly DockerInstruction[]): readonly DockerStage[] =>
  instructions
    .filter((instruction) => instruction.keyword === 'FROM')
    .map((from) => ({
      index: from.stage,
      base: from.words[0]?.text ?? '',
      name: from.words[1]?.text.toUpperCase() === 'AS' ? from.words[2]?.text : undefined,
      from,
      instructions: instructions.filter((instruction) => instruction.stage === from.stage),
    }));

/**
 * Asks dockerfile-ast, which was written apart from ours, where instructions begin; answers the first one on which the
 * two differ. Files with here-documents are ours alone: it misses `3<<EOF` and `<< 'EOF'` and finds some inside quotes.
 */
const secondOpinion = (text: string, lines: readonly InstructionLine[]): Piece | undefined => {
  if (lines.some((line) => line.heredocs.length > 0)) return undefined;
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const shift = text.length - body.length;
  const starts = [shift, ...[...body.matchAll(/\r\n|\n|\r/g)].map((match) => shift + match.index + match[0].length)];
  const theirs = DockerfileParser.parse(body)
    .getInstructions()
    .map((instruction) => ({ keyword: instruction.getKeyword(), line: instruction.getRange().start.line }));
  for (const [index, line] of lines.entries()) {
    const their = theirs[index];
    if (!their || their.keyword !== line.keyword) return line.at;
    const start = starts[their.line] ?? -1;
    if (start < line.lines.start || start > line.at.start) return line.at;
  }
  return theirs.length > lines.length ? (lines.at(-1)?.at ?? { start: 0, end: 0 }) : undefined;
};

const readInstruction = (
  path: string,
  text: string,
  line: InstructionLine,
  escapeChar: string,
  stage: number,
): DockerInstruction => {
  const { keyword, joined } = line;
  const span = ({ start, end }: Piece): Span => ({ path, start, end });
  const argsText = joined.text.slice(line.args.start, line.args.end);
  const command = keyword === 'HEALTHCHECK' ? (/^(?:CMD|NONE)(?=\s|$)\s*/i.exec(argsText)?.[0].length ?? 0) : 0;
  const commandText = argsText.slice(command);
  const exec = EXEC_KEYWORDS.has(keyword) ? execArray(commandText) : undefined;
  const word = ({ start, end }: Piece, unquoted: string | undefined): DockerWord => {
    const source = argsText.slice(start, end);
    const at = span(joined.rangeOf(line.args.start + start, line.args.start + end));
    return { text: unquoted ?? unquote(source, escapeChar), source, at };
  };
  const flags = line.flags.map((flag): DockerFlag => {
    const [, name = '', value] =
      /^--([^=]*)(?:=(.*))?$/s.exec(unquote(joined.text.slice(flag.start, flag.end), escapeChar)) ?? [];
    return { name, value, at: span(joined.rangeOf(flag.start, flag.end)) };
  });
  const script = scriptOf(text, line, { start: line.args.start + command, end: line.args.end }, commandText);
  return {
    keyword,
    at: span(line.at),
    lines: span(line.lines),
    flags,
    args: span(joined.rangeOf(line.args.start, line.args.end)),
    script: script.text,
    scriptOffset: script.offsetOf,
    exec,
    words: exec
      ? [
          ...quotedWords(argsText.slice(0, command), escapeChar).map((piece) => word(piece, undefined)),
          ...execWords(argsText, command, exec, word),
        ]
      : wordsOf(keyword, argsText, escapeChar).map((piece) => word(piece, undefined)),
    heredocs: line.heredocs.map(({ name, body, expands, stripsTabs }) => ({
      name,
      body: span(body),
      expands,
      stripsTabs,
    })),
    stage,
    comments: line.comments.map(span),
  };
};

const wordsOf = (keyword: string, args: string, escapeChar: string): readonly Piece[] => {
  if (args === '') return [];
  if (ONE_WORD.has(keyword)) return [{ start: 0, end: args.length }];
  if (PLAIN_WORDS.has(keyword)) return plainWords(args);
  const words = quotedWords(args, escapeChar);
  const [first] = words;
  const pairs = keyword === 'ENV' || keyword === 'LABEL';
  if (!pairs || !first || args.slice(first.start, first.end).includes('=')) return words;
  const gap = /[\t\v\f\r ]+/.exec(args);
  return gap
    ? [
        { start: 0, end: gap.index },
        { start: gap.index + gap[0].length, end: args.length },
      ]
    : words;
};

const execWords = (
  args: string,
  from: number,
  exec: readonly string[],
  word: (piece: Piece, text: string | undefined) => DockerWord,
): readonly DockerWord[] =>
  [...args.slice(from).matchAll(/"(?:[^"\\]|\\.)*"/g)].map((match, index) =>
    word({ start: from + match.index, end: from + match.index + match[0].length }, exec[index]),
  );

/**
 * What Docker runs for the arguments. `RUN <<EOF` runs the body; a line with more on it runs as a whole, bodies included.
 * https://docs.docker.com/reference/dockerfile/#example-running-a-multi-line-script
 */
const scriptOf = (text: string, line: InstructionLine, command: Piece, commandText: string): JoinedText => {
  const own = line.joined.cut(command.start, command.end);
  const [first] = line.heredocs;
  const emptyAt = line.joined.offsetOf(command.start);
  if (line.keyword !== 'RUN' || !first) return joinPieces(text, own, emptyAt);
  if (heredocOf(commandText)) return joinPieces(text, bodyPieces(text, first), first.body.start);
  const bodies = line.heredocs.flatMap(({ body, terminator }) => [
    { start: body.start - 1, end: body.end },
    terminator,
  ]);
  return joinPieces(text, [...own, ...bodies], emptyAt);
};

/** The lines of a body, without the leading tabs that `<<-` drops. */
const bodyPieces = (text: string, { body, stripsTabs }: HeredocBody): readonly Piece[] => {
  if (!stripsTabs) return [body];
  return [...text.slice(body.start, body.end).matchAll(/\t*([^\n]*\n)/g)].map((match) => {
    const end = body.start + match.index + match[0].length;
    return { start: end - (match[1] ?? '').length, end };
  });
};

/** One variable or label that an instruction sets. */
export interface DockerAssignment {
  readonly name: string;
  readonly value: string | undefined;
  readonly at: Span;
}

/**
 * `key=value` pairs of ENV, ARG and LABEL (both ENV forms; several per line). `value` undefined: `ARG X`.
 * https://docs.docker.com/reference/dockerfile/#env
 */
export function assignmentsOf(instruction: DockerInstruction): readonly DockerAssignment[] {
  const { keyword, words, args } = instruction;
  if (keyword !== 'ENV' && keyword !== 'ARG' && keyword !== 'LABEL') return [];
  const [first, second] = words;
  if (keyword !== 'ARG' && first && !first.source.includes('=')) {
    return second ? [{ name: first.text, value: second.text, at: args }] : [];
  }
  return words.flatMap(({ text, at }): readonly DockerAssignment[] => {
    const equals = text.indexOf('=');
    if (equals >= 0) return [{ name: text.slice(0, equals), value: text.slice(equals + 1), at }];
    return keyword === 'ARG' ? [{ name: text, value: undefined, at }] : [];
  });
}

/** Sources (without here-documents) and destination of COPY/ADD, in either form; undefined without a destination. */
export function copyOf(
  instruction: DockerInstruction,
):
  | { readonly sources: readonly DockerWord[]; readonly destination: DockerWord; readonly from: string | undefined }
  | undefined {
  if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') return undefined;
  const destination = instruction.words.at(-1);
  if (!destination || instruction.words.length < 2) return undefined;
  const sources = instruction.words
    .slice(0, -1)
    .filter((word) => instruction.exec !== undefined || !heredocOf(word.source));
  return { sources, destination, from: instruction.flags.find((flag) => flag.name === 'from')?.value };
}

/** An argv as exec form text: `["gunicorn", "app:app"]`. */
export function execForm(argv: readonly string[]): string {
  return `[${argv.map((word) => JSON.stringify(word)).join(', ')}]`;
}
