import type { Piece } from '../dockerfile/joined-text.ts';
import { shellLayout } from './layout.ts';
import {
  arithmeticEnd,
  breakLength,
  fail,
  nested,
  peek,
  type RawWord,
  readArithmetic,
  readBalanced,
  readWord,
  type ShellContext,
  type ShellContextKind,
  type ShellJoin,
  type ShellReader,
  sees,
} from './words.ts';

/** A simple command by offsets in the script. */
export interface RawCommand extends Piece {
  readonly assignments: readonly RawWord[];
  readonly words: readonly RawWord[];
  readonly within: readonly ShellContext[];
  readonly joinedBy: ShellJoin;
  background: boolean;
  /** Offset past its here-documents' terminators; 0 without any. */
  heredocEnd: number;
}

type Within = readonly ShellContext[];

const CLOSERS: ReadonlySet<string> = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}']);
const ASSIGNMENT = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;

/**
 * Every simple command of a script, in textual order, and the first thing that could not be read.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_10
 */
export const parseShell = (
  text: string,
): { readonly commands: readonly RawCommand[]; readonly problem: ShellReader['problem'] } => {
  const commands: RawCommand[] = [];
  const reader: ShellReader = {
    text,
    at: 0,
    end: text.length,
    depth: 0,
    problem: undefined,
    readInner: (inner, within, closedBy) => readInner(inner, within, closedBy),
  };
  const { skipBlanks, skipLines, readRedirection, readRedirections, waitingHeredoc, reserved, accept, expect } =
    shellLayout(reader);

  /** Reads commands up to a closing word, `)`, `;;` or the end; leaves it unread. */
  const readList = (within: Within): void => {
    for (;;) {
      skipLines();
      const char = peek(reader, 0);
      if (char === '' || char === ')' || sees(reader, ';;') || sees(reader, ';&') || CLOSERS.has(reserved())) return;
      const start = reader.at;
      readAndOr(within);
      skipBlanks();
      if (peek(reader, 0) === ';' && !sees(reader, ';;') && !sees(reader, ';&')) reader.at += 1;
      else if (peek(reader, 0) === '&') reader.at += 1;
      if (reader.at === start) {
        fail(reader, { start, end: start + 1 }, `"${peek(reader, 0)}" stands where a command should`);
        return;
      }
    }
  };

  const readAndOr = (within: Within): void => {
    const first = commands.length;
    let join: ShellJoin = ';';
    for (;;) {
      readCommand(within, join);
      skipBlanks();
      const operator = ['&&', '||', '|&', '|'].find((mark) => sees(reader, mark));
      if (!operator) break;
      join = operator === '|&' ? '|' : (operator as ShellJoin);
      const at = { start: reader.at, end: reader.at + operator.length };
      reader.at = at.end;
      skipLines();
      if (peek(reader, 0) === '') {
        fail(reader, at, `Nothing follows "${operator}"`);
        return;
      }
    }
    if (peek(reader, 0) === '&') for (const command of commands.slice(first)) command.background = true;
  };

  /** Reads a construct inside a new context, whose place and head are known only afterwards. */
  const enter = (kind: ShellContextKind, start: number, join: ShellJoin, text: string): ShellContext => ({
    kind,
    text,
    at: { start, end: start },
    joinedBy: join,
  });

  const headFrom = (start: number): string =>
    reader.text
      .slice(start, reader.at)
      .replace(/[\s;]+$/, '')
      .replace(/\s*\\?\r?\n\s*/g, ' ');

  const readCommand = (within: Within, join: ShellJoin): void => nested(reader, () => readAnyCommand(within, join));

  const readAnyCommand = (within: Within, join: ShellJoin): void => {
    skipBlanks();
    const start = reader.at;
    if (peek(reader, 0) === '(') {
      if (peek(reader, 1) === '(' && arithmeticEnd(reader, start) > 0) readArithmetic(reader, within, 0);
      else readParenthesised(within, join);
      readRedirections(within);
      return;
    }
    const word = reserved();
    if (word === '' || word === '[[' || CLOSERS.has(word)) {
      if (CLOSERS.has(word)) {
        fail(reader, { start, end: start + word.length }, `"${word}" stands where a command should`);
        return;
      }
      if (word === '[[') readCondition(within, join);
      else readSimple(within, join);
      return;
    }
    const at = { start, end: start + word.length };
    reader.at = at.end;
    if (word === '!') {
      readCommand(within, join);
      return;
    }
    if (word === 'time') {
      skipBlanks();
      if (sees(reader, '-p ')) reader.at += 2;
      readCommand(within, join);
      return;
    }
    if (word === '{') readGroup(within, join, at);
    else if (word === 'if') readIf(within, join, at);
    else if (word === 'while' || word === 'until') readWhile(within, join, at);
    else if (word === 'for' || word === 'select') readFor(within, join, at);
    else if (word === 'case') readCase(within, join, at);
    else {
      readFunctionKeyword(within, join, start);
      return;
    }
    readRedirections(within);
  };

  const readParenthesised = (within: Within, join: ShellJoin): void => {
    const context = enter('subshell', reader.at, join, '(');
    reader.at += 1;
    readInner(reader, [...within, context], ')');
    context.at = { start: context.at.start, end: reader.at };
  };

  const readGroup = (within: Within, join: ShellJoin, at: Piece): void => {
    const context = enter('group', at.start, join, '{');
    readList([...within, context]);
    expect('}', at);
    context.at = { start: at.start, end: reader.at };
  };

  const readIf = (within: Within, join: ShellJoin, at: Piece): void => {
    const condition = enter('if-condition', at.start, join, '');
    const body = enter('if-body', at.start, join, '');
    const otherwise = enter('else-body', at.start, join, '');
    readList([...within, condition]);
    const head = headFrom(at.start);
    expect('then', at);
    readList([...within, body]);
    const elseWithin = [...within, otherwise];
    skipLines();
    const elifAt = reader.at;
    if (accept('elif')) nested(reader, () => readIf(elseWithin, ';', { start: elifAt, end: elifAt + 4 }));
    else {
      if (accept('else')) readList(elseWithin);
      expect('fi', at);
    }
    for (const context of [condition, body, otherwise]) {
      context.text = head;
      context.at = { start: at.start, end: reader.at };
    }
  };

  const readWhile = (within: Within, join: ShellJoin, at: Piece): void => {
    const condition = enter('loop-condition', at.start, join, '');
    readList([...within, condition]);
    condition.text = headFrom(at.start);
    readLoopBody(within, join, at, condition.text);
    condition.at = { start: at.start, end: reader.at };
  };

  const readLoopBody = (within: Within, join: ShellJoin, at: Piece, head: string): void => {
    const body = enter('loop-body', at.start, join, head);
    expect('do', at);
    readList([...within, body]);
    expect('done', at);
    body.at = { start: at.start, end: reader.at };
  };

  const readFor = (within: Within, join: ShellJoin, at: Piece): void => {
    skipBlanks();
    if (sees(reader, '((') && arithmeticEnd(reader, reader.at) > 0) readArithmetic(reader, within, 0);
    else {
      readWord(reader, within);
      skipLines();
      if (/^in(?=[\s;]|$)/.test(reader.text.slice(reader.at, Math.min(reader.at + 3, reader.end)))) {
        reader.at += 2;
        for (skipBlanks(); !'#;&|()<>\n\r'.includes(peek(reader, 0)); skipBlanks()) readWord(reader, within);
      }
    }
    const head = headFrom(at.start);
    skipBlanks();
    if (peek(reader, 0) === ';') reader.at += 1;
    readLoopBody(within, join, at, head);
  };

  const readCase = (within: Within, join: ShellJoin, at: Piece): void => {
    skipBlanks();
    readWord(reader, within);
    skipLines();
    if (!/^in(?=\s|$)/.test(reader.text.slice(reader.at, Math.min(reader.at + 3, reader.end)))) {
      fail(reader, at, '"case" has no "in"');
      return;
    }
    reader.at += 2;
    const head = headFrom(at.start);
    const arms: ShellContext[] = [];
    while (!accept('esac')) {
      if (peek(reader, 0) === '') {
        fail(reader, at, '"case" has no "esac"');
        return;
      }
      const patternStart = reader.at;
      if (peek(reader, 0) === '(') reader.at += 1;
      for (skipBlanks(); !'#;&()<>\n\r'.includes(peek(reader, 0)); skipBlanks()) {
        if (peek(reader, 0) === '|') reader.at += 1;
        else readWord(reader, within);
      }
      if (peek(reader, 0) !== ')') {
        fail(reader, at, 'A pattern of "case" has no ")"');
        return;
      }
      reader.at += 1;
      const arm = enter('case', at.start, join, `${head} ${reader.text.slice(patternStart, reader.at)}`);
      arms.push(arm);
      readList([...within, arm]);
      const mark = [';;&', ';;', ';&'].find((candidate) => sees(reader, candidate));
      if (mark) reader.at += mark.length;
      else if (reserved() !== 'esac') {
        fail(reader, at, '"case" has no "esac"');
        return;
      }
    }
    for (const arm of arms) arm.at = { start: at.start, end: reader.at };
  };

  const readFunctionKeyword = (within: Within, join: ShellJoin, start: number): void => {
    skipBlanks();
    const name = readWord(reader, within).text;
    skipBlanks();
    if (peek(reader, 0) === '(') reader.at += 1;
    skipBlanks();
    if (peek(reader, 0) === ')') reader.at += 1;
    readFunctionBody(within, join, start, name);
  };

  const readFunctionBody = (within: Within, join: ShellJoin, start: number, name: string): void => {
    const context = enter('function', start, join, name);
    skipLines();
    if (peek(reader, 0) === '') {
      fail(reader, { start, end: reader.at }, `The function "${name}" has no body`);
      return;
    }
    readCommand([...within, context], ';');
    context.at = { start, end: reader.at };
  };

  /** `[[ … ]]` as one command, its operators as words. */
  const readCondition = (within: Within, join: ShellJoin): void => {
    const start = reader.at;
    const words: RawWord[] = [];
    const command: RawCommand = {
      start,
      end: start,
      assignments: [],
      words,
      within,
      joinedBy: join,
      background: false,
      heredocEnd: 0,
    };
    commands.push(command);
    for (;;) {
      skipLines();
      const from = reader.at;
      if (peek(reader, 0) === '') {
        fail(reader, { start, end: start + 2 }, '"[[" has no "]]"');
        return;
      }
      const operator = /^(?:&&|\|\||[()<>|&;])/.exec(reader.text.slice(from, from + 2))?.[0];
      if (operator) {
        reader.at += operator.length;
        words.push({ start: from, end: reader.at, text: operator, literal: true, quoted: false });
      } else {
        const word = readWord(reader, within);
        words.push(word);
        if (!word.quoted && word.text === ']]') break;
        if (reader.at === from) reader.at += 1;
      }
    }
    Object.assign(command, { end: reader.at });
    readRedirections(within);
  };

  const readSimple = (within: Within, join: ShellJoin): void => {
    const start = reader.at;
    const assignments: RawWord[] = [];
    const words: RawWord[] = [];
    const command: RawCommand = {
      start,
      end: start,
      assignments,
      words,
      within,
      joinedBy: join,
      background: false,
      heredocEnd: 0,
    };
    commands.push(command);
    let end = start;
    for (skipBlanks(); peek(reader, 0) !== ''; skipBlanks()) {
      const char = peek(reader, 0);
      if (char === '#' || breakLength(reader, 0) > 0) break;
      if (readRedirection(within, command)) {
        end = reader.at;
        continue;
      }
      if (';&|)'.includes(char)) break;
      if (char === '(') {
        const [name] = words;
        if (!name || words.length > 1 || assignments.length > 0) {
          fail(reader, { start: reader.at, end: reader.at + 1 }, '"(" stands where a word should');
          return;
        }
        commands.pop();
        readFunction(within, join, name);
        return;
      }
      const word = readWord(reader, within);
      const source = reader.text.slice(word.start, reader.at);
      const isAssignment = ASSIGNMENT.test(source);
      const isArray = isAssignment && peek(reader, 0) === '(' && source.endsWith('=');
      if (isArray) readBalanced(reader, within);
      const read = isArray
        ? { ...word, end: reader.at, literal: false, text: reader.text.slice(word.start, reader.at) }
        : word;
      (isAssignment && words.length === 0 ? assignments : words).push(read);
      end = reader.at;
      if (reader.at === word.start) {
        fail(reader, { start: word.start, end: word.start + 1 }, `"${char}" is not understood here`);
        return;
      }
    }
    Object.assign(command, { end });
    if (end === start) commands.splice(commands.indexOf(command), 1);
  };

  const readFunction = (within: Within, join: ShellJoin, name: RawWord): void => {
    reader.at += 1;
    skipBlanks();
    if (peek(reader, 0) !== ')') {
      fail(reader, { start: name.start, end: reader.at }, '"(" stands where a word should');
      return;
    }
    reader.at += 1;
    readFunctionBody(within, join, name.start, name.text);
  };

  const readInner: ShellReader['readInner'] = (inner, within, closedBy) => {
    const opened = inner.at;
    readList(within);
    if (inner.problem) return;
    if (closedBy === ')' && peek(inner, 0) === ')') inner.at += 1;
    else if (closedBy === ')' || inner.at < inner.end)
      fail(inner, { start: opened - 1, end: opened }, 'A parenthesis or backquote is not closed as it was opened');
  };

  readList([]);
  if (!reader.problem && reader.at < reader.end) {
    fail(reader, { start: reader.at, end: reader.at + 1 }, `"${reserved() || peek(reader, 0)}" closes nothing`);
  }
  const waiting = waitingHeredoc();
  if (waiting) fail(reader, waiting.at, `The here-document "${waiting.delimiter}" is never closed`);
  return { commands: commands.sort((one, other) => one.start - other.start), problem: reader.problem };
};
