import { heredocsOf } from './buildkit-heredocs.ts';
import { leadingFlags, skipSpace, trimSpace } from './buildkit-words.ts';
import { type JoinedText, joinPieces, type Piece } from './joined-text.ts';

/** The body of a here-document: whole lines, without the terminator's. */
export interface HeredocBody {
  readonly name: string;
  readonly expands: boolean;
  readonly stripsTabs: boolean;
  readonly body: Piece;
  /** The terminating name itself. */
  readonly terminator: Piece;
}

/** One instruction as BuildKit cuts it: continuations joined, comment and blank lines inside it dropped. */
export interface InstructionLine {
  readonly keyword: string;
  /** Keyword to the last content character, here-documents included. */
  readonly at: Piece;
  /** Whole lines, newline included. */
  readonly lines: Piece;
  /** The joined line; all indexes below count in its text. */
  readonly joined: JoinedText;
  readonly flags: readonly Piece[];
  readonly args: Piece;
  readonly heredocs: readonly HeredocBody[];
  readonly comments: readonly Piece[];
}

/** A place where BuildKit stops reading, or reads on with something it does not know. */
export interface LineProblem {
  readonly at: Piece;
  readonly message: string;
  readonly hint: string;
}

/** A Dockerfile cut into instructions. */
export interface InstructionLines {
  readonly escape: '\\' | '`';
  readonly instructions: readonly InstructionLine[];
  readonly problems: readonly LineProblem[];
}

interface Line extends Piece {
  /** Offset of the line's end without `\r` and `\n`. */
  readonly contentEnd: number;
}

/** BuildKit's scanner refuses a line of this many bytes (Go's `bufio.MaxScanTokenSize`). */
const MAX_LINE_BYTES = 65_536;
const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const DIRECTIVES: ReadonlySet<string> = new Set(['escape', 'syntax', 'check']);
const HEREDOC_KEYWORDS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD']);

const linesOf = (text: string): readonly Line[] => {
  const lines: Line[] = [];
  let start = text.startsWith('\ufeff') ? 1 : 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    let contentEnd = newline < 0 ? end : newline;
    while (contentEnd > start && text.charAt(contentEnd - 1) === '\r') contentEnd -= 1;
    lines.push({ start, end, contentEnd });
    start = end;
  }
  return lines;
};

const byteLength = (text: string): number => {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/**
 * The strings of an exec form, by Docker's rule: a valid JSON array of strings, else it is shell form.
 * https://docs.docker.com/reference/dockerfile/#shell-and-exec-form
 */
export const execArray = (args: string): readonly string[] | undefined => {
  const start = skipSpace(args, 0, args.length);
  if (args.charAt(start) !== '[') return undefined;
  try {
    const value: unknown = JSON.parse(args.slice(start));
    return Array.isArray(value) && value.every((item): item is string => typeof item === 'string') ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/**
 * Cuts a Dockerfile into instructions exactly as BuildKit does.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
 */
export const splitInstructions = (text: string): InstructionLines => {
  const lines = linesOf(text);
  const instructions: InstructionLine[] = [];
  const problems: LineProblem[] = [];
  let escapeChar: '\\' | '`' = '\\';
  let inDirectives = true;
  const seen = new Set<string>();
  let comments: Piece[] = [];
  let next = 0;

  const problem = (at: Piece, message: string, hint: string): void => void problems.push({ at, message, hint });

  /** Reads a parser directive; false when the line is none, which ends the directives. */
  const readDirective = (line: Line, start: number): boolean => {
    const match = DIRECTIVE.exec(text.slice(start, line.contentEnd));
    const name = match?.[1]?.toLowerCase() ?? '';
    if (!DIRECTIVES.has(name)) return false;
    const at = { start, end: line.contentEnd };
    if (seen.has(name))
      problem(at, `The parser directive "${name}" stands twice, so Docker refuses the file`, 'Keep one of them');
    seen.add(name);
    if (name !== 'escape') return true;
    const value = match?.[2] ?? '';
    if (value === '\\' || value === '`') escapeChar = value;
    else problem(at, `"${value}" cannot be the escape character, so Docker refuses the file`, 'Use \\ or `');
    return true;
  };

  /** The content of a line without its continuation character, and whether there was one. */
  const continuation = (start: number, end: number): { readonly piece: Piece; readonly continues: boolean } => {
    let last = end;
    while (last > start && ' \t'.includes(text.charAt(last - 1))) last -= 1;
    const continues =
      last > start &&
      text.charAt(last - 1) === escapeChar &&
      (last - 1 === start || text.charAt(last - 2) !== escapeChar);
    return { piece: { start, end: continues ? last - 1 : end }, continues };
  };

  /** Reads here-document bodies from the lines that follow. */
  const readHeredocs = (line: string, at: Piece): readonly HeredocBody[] =>
    heredocsOf(line).flatMap(({ name, expands, stripsTabs }) => {
      const bodyStart = lines[next - 1]?.end ?? text.length;
      for (let index = next; index < lines.length; index += 1) {
        const candidate = lines[index];
        if (!candidate) break;
        let start = candidate.start;
        while (stripsTabs && text.charAt(start) === '\t') start += 1;
        if (text.slice(start, candidate.contentEnd) !== name) continue;
        next = index + 1;
        const terminator = { start, end: candidate.contentEnd };
        return [{ name, expands, stripsTabs, body: { start: bodyStart, end: candidate.start }, terminator }];
      }
      next = lines.length;
      problem(
        at,
        `The here-document "${name}" is never closed, so Docker refuses the file`,
        `Add a line that is just ${name}`,
      );
      return [];
    });

  const readInstruction = (first: Line, start: number): void => {
    const pieces: Piece[] = [];
    let { piece, continues } = continuation(start, first.contentEnd);
    let contentEnd = first.contentEnd;
    pieces.push(piece);
    while (continues && next < lines.length) {
      const line = lines[next];
      if (!line) break;
      next += 1;
      const from = skipSpace(text, line.start, line.contentEnd);
      if (from === line.contentEnd || text.charAt(from) === '#') continue;
      ({ piece, continues } = continuation(line.start, line.contentEnd));
      contentEnd = line.contentEnd;
      pieces.push(piece);
    }
    const joined = joinPieces(text, pieces, start);
    const end = trimSpace(joined.text, 0, joined.text.length);
    const keywordStart = skipSpace(joined.text, 0, end);
    const gap = /[\t\v\f\r ]+/g;
    gap.lastIndex = keywordStart;
    const found = gap.exec(joined.text.slice(0, end));
    const keyword = joined.text.slice(keywordStart, found?.index ?? end);
    const argsStart = found ? found.index + found[0].length : end;
    const { flags, rest } = leadingFlags(joined.text.slice(argsStart, end), escapeChar);
    const args = { start: argsStart + rest, end };
    const content = { start: joined.offsetOf(keywordStart), end: trimSpace(text, start, contentEnd) };
    const heredocs = canHoldHeredoc(keyword, joined.text.slice(args.start, end), escapeChar)
      ? readHeredocs(joined.text, content)
      : [];
    instructions.push({
      keyword: keyword.toUpperCase(),
      at: { start: content.start, end: heredocs.at(-1)?.terminator.end ?? content.end },
      lines: { start: first.start, end: lines[next - 1]?.end ?? first.end },
      joined,
      flags: flags.map((flag) => ({ start: argsStart + flag.start, end: argsStart + flag.end })),
      args,
      heredocs,
      comments,
    });
    comments = [];
  };

  for (const line of lines) {
    if (line.contentEnd - line.start < MAX_LINE_BYTES / 3) continue;
    if (byteLength(text.slice(line.start, line.end)) < MAX_LINE_BYTES) continue;
    problem(
      line,
      `A line is longer than ${MAX_LINE_BYTES - 1} bytes, so Docker refuses the file`,
      'Break the line with a continuation',
    );
  }
  while (next < lines.length) {
    const line = lines[next];
    if (!line) break;
    next += 1;
    const start = skipSpace(text, line.start, line.contentEnd);
    inDirectives = inDirectives && readDirective(line, start);
    if (inDirectives) continue;
    if (start === line.contentEnd) comments = [];
    else if (text.charAt(start) === '#') comments.push({ start, end: line.contentEnd });
    else readInstruction(line, start);
  }
  return { escape: escapeChar, instructions, problems };
};

/** RUN, COPY and ADD in shell form, also behind ONBUILD. */
const canHoldHeredoc = (keyword: string, args: string, escapeChar: string): boolean => {
  const name = keyword.toUpperCase();
  if (HEREDOC_KEYWORDS.has(name)) return !execArray(args);
  if (name !== 'ONBUILD') return false;
  const inner = /^[^\t\v\f\r ]*/.exec(args)?.[0] ?? '';
  if (!HEREDOC_KEYWORDS.has(inner.toUpperCase())) return false;
  const rest = args.slice(inner.length);
  return !execArray(rest.slice(leadingFlags(rest, escapeChar).rest));
};
