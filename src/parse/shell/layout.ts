import type { Piece } from '../dockerfile/joined-text.ts';
import { breakLength, fail, peek, readExpanding, readWord, type ShellContext, type ShellReader } from './words.ts';

type Within = readonly ShellContext[];

interface Heredoc {
  readonly delimiter: string;
  readonly expands: boolean;
  readonly stripsTabs: boolean;
  readonly at: Piece;
  readonly within: Within;
  readonly owner: { heredocEnd: number };
}

const RESERVED =
  /(?:if|then|elif|else|fi|for|select|while|until|do|done|case|esac|function|time|\{|\}|!|\[\[)(?=[\s;&|()<>`]|$)/y;
const REDIRECTION = /(?:\d+|\{[A-Za-z_]\w*\})?(?:<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|&>>?/y;

/** What stands between the words of a script: blanks, comments, line breaks, redirections, here-documents and reserved words. */
export interface ShellLayout {
  /** Skips blanks and line continuations. */
  readonly skipBlanks: () => void;
  /** Skips blanks, comments and line breaks, and reads the here-documents that begin after a line break. */
  readonly skipLines: () => void;
  /** Reads one redirection with its target; false when none stands here. `owner` learns where its here-document ends. */
  readonly readRedirection: (within: Within, owner: { heredocEnd: number }) => boolean;
  readonly readRedirections: (within: Within) => void;
  /** A here-document whose body has not begun yet. */
  readonly waitingHeredoc: () => Heredoc | undefined;
  /** The reserved word that stands here; empty for any other. */
  readonly reserved: () => string;
  /** Skips lines, then reads the reserved word if it stands here. */
  readonly accept: (word: string) => boolean;
  /** Like `accept`; without the word, `opener` has a problem. */
  readonly expect: (word: string, opener: Piece) => void;
}

/** The layout part of a reading, with the here-documents it still waits for. */
export const shellLayout = (reader: ShellReader): ShellLayout => {
  let heredocs: Heredoc[] = [];

  const skipBlanks = (): void => {
    for (;;) {
      const char = peek(reader, 0);
      if (char === ' ' || char === '\t' || (char === '\r' && breakLength(reader, 0) === 0)) reader.at += 1;
      else if (char === '\\' && breakLength(reader, 1) > 0) reader.at += 1 + breakLength(reader, 1);
      else return;
    }
  };

  const skipComment = (): void => {
    while (peek(reader, 0) !== '' && peek(reader, 0) !== '\n') reader.at += 1;
  };

  const skipLines = (): void => {
    for (;;) {
      skipBlanks();
      const eol = breakLength(reader, 0);
      if (peek(reader, 0) === '#') skipComment();
      else if (eol === 0) return;
      else {
        reader.at += eol;
        readHeredocs();
      }
    }
  };

  const readHeredocs = (): void => {
    const waiting = heredocs;
    heredocs = [];
    for (const { delimiter, expands, stripsTabs, at, within, owner } of waiting) {
      const bodyStart = reader.at;
      for (;;) {
        if (reader.problem) return;
        if (reader.at >= reader.end) {
          fail(reader, at, `The here-document "${delimiter}" is never closed`);
          return;
        }
        const start = reader.at;
        const newline = reader.text.indexOf('\n', start);
        const end = newline < 0 ? reader.end : Math.min(newline, reader.end);
        reader.at = Math.min(end + 1, reader.end);
        const line = reader.text.slice(start, end).replace(/\r$/, '');
        if ((stripsTabs ? line.replace(/^\t+/, '') : line) !== delimiter) continue;
        owner.heredocEnd = reader.at;
        if (expands) readBody(bodyStart, start, within);
        break;
      }
    }
  };

  /** A body whose delimiter is not quoted: the substitutions in it run. */
  const readBody = (start: number, end: number, within: Within): void => {
    const { at: after, end: outerEnd } = reader;
    reader.at = start;
    reader.end = end;
    readExpanding(reader, within, '');
    reader.at = after;
    reader.end = outerEnd;
  };

  const readRedirections = (within: Within): void => {
    const owner = { heredocEnd: 0 };
    do skipBlanks();
    while (readRedirection(within, owner));
  };

  const readRedirection = (within: Within, owner: { heredocEnd: number }): boolean => {
    if (peek(reader, 0) === '') return false;
    REDIRECTION.lastIndex = reader.at;
    const operator = REDIRECTION.exec(reader.text)?.[0];
    if (operator === undefined || reader.at + operator.length > reader.end) return false;
    const start = reader.at;
    reader.at += operator.length;
    skipBlanks();
    const target = readWord(reader, within);
    const at = { start, end: reader.at };
    if (target.start === target.end) fail(reader, at, `"${operator}" has no target`);
    const mark = operator.replace(/^[^<>&]*/, '');
    if (mark === '<<' || mark === '<<-') {
      const delimiter = target.quoted ? target.text : reader.text.slice(target.start, target.end);
      heredocs.push({ delimiter, expands: !target.quoted, stripsTabs: mark === '<<-', at, within, owner });
    }
    return true;
  };

  const reserved = (): string => {
    if (peek(reader, 0) === '') return '';
    RESERVED.lastIndex = reader.at;
    const word = RESERVED.exec(reader.text)?.[0] ?? '';
    return reader.at + word.length <= reader.end ? word : '';
  };

  const accept = (word: string): boolean => {
    skipLines();
    if (reserved() !== word) return false;
    reader.at += word.length;
    return true;
  };

  const expect = (word: string, opener: Piece): void => {
    if (!accept(word)) fail(reader, opener, `"${reader.text.slice(opener.start, opener.end)}" has no "${word}"`);
  };

  const waitingHeredoc = (): Heredoc | undefined => heredocs[0];

  return { skipBlanks, skipLines, readRedirection, readRedirections, waitingHeredoc, reserved, accept, expect };
};
