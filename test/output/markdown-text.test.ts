import fc from 'fast-check';
import { lexer, type Token, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import { cellCode, codeBlock, codeSpan, markdownProse, markdownText } from '../../src/output/markdown-text.ts';
import { visible, visibleLines } from '../../src/output/visible.ts';

/** What a reader sees of inline Markdown. */
const shown = (tokens: readonly Token[] | undefined): string =>
  (tokens ?? [])
    .map((token) => {
      if (token.type === 'html') return '';
      if (token.type === 'codespan') return (token as Tokens.Codespan).text;
      if (token.type === 'escape') return decoded((token as Tokens.Escape).text);
      return 'tokens' in token && token.tokens ? shown(token.tokens) : decoded(token.raw);
    })
    .join('');

const decoded = (text: string): string =>
  text
    .replaceAll('&#124;', '|')
    .replaceAll('&#64;', '@')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const plain = (text: string): string => text.replaceAll('\u200b', '').replace(/\s+/g, ' ').trim();

const PIECES = [
  '`',
  '``',
  '```',
  '|',
  '\\',
  '*',
  '_',
  '**',
  '<b>',
  '</b>',
  '<!--',
  '-->',
  '[x](y)',
  '![',
  '#',
  '>',
  '-',
  '+',
  '1.',
  '~~',
  '$x$',
  '&amp;',
  '&',
  'http://a.b',
  'www.a.b',
  '@me',
  '\n',
  '\r',
  ' ',
  '\t',
  '\u001b',
  'word',
  '"',
  "'",
  '=',
  ':',
  '{',
  '}',
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(''));

/** The only paragraph of a document, or what else stands there. */
function paragraph(source: string): string {
  const blocks = lexer(source).filter(({ type }) => type !== 'space');
  expect(blocks.map(({ type }) => type)).toEqual(['paragraph']);
  return plain(shown((blocks[0] as Tokens.Paragraph).tokens));
}

describe('whatever a repository says, Markdown shows it as it is', () => {
  test('text', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(paragraph(`(${markdownText(each)})`)).toBe(plain(`(${visible(each)})`));
      }),
      { numRuns: 2000 },
    );
  });

  test('text at the beginning of a line', () => {
    fc.assert(
      fc.property(text, (each) => {
        const wanted = plain(visible(each));
        if (wanted !== '') expect(paragraph(markdownText(each).trim())).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  test('prose, whose backticks make code', () => {
    fc.assert(
      fc.property(text, (each) => {
        const source = markdownProse(each);
        expect(paragraph(`(${source})`).replaceAll('`', '')).toBe(plain(`(${visible(each)})`).replaceAll('`', ''));
      }),
      { numRuns: 2000 },
    );
  });

  test('code in a line', () => {
    fc.assert(
      fc.property(text, (each) => {
        if (each.trim() !== '') expect(paragraph(`(${codeSpan(each)})`)).toBe(plain(`(${visible(each)})`));
      }),
      { numRuns: 2000 },
    );
  });

  test('code in a cell, which stays one', () => {
    fc.assert(
      fc.property(text, (each) => {
        const table = lexer(`| a | b |\n| --- | --- |\n| (${cellCode(each)}) | end |\n`)[0] as Tokens.Table;
        expect(table.rows.length).toBe(1);
        expect(table.rows[0]?.[1]?.text).toBe('end');
        if (each.trim() !== '') expect(plain(shown(table.rows[0]?.[0]?.tokens))).toBe(plain(`(${visible(each)})`));
      }),
      { numRuns: 2000 },
    );
  });

  test('text in a cell, which stays one', () => {
    fc.assert(
      fc.property(text, (each) => {
        const table = lexer(`| a | b |\n| --- | --- |\n| (${markdownText(each)}) | end |\n`)[0] as Tokens.Table;
        expect(table.rows[0]?.[1]?.text).toBe('end');
        expect(plain(shown(table.rows[0]?.[0]?.tokens))).toBe(plain(`(${visible(each)})`));
      }),
      { numRuns: 2000 },
    );
  });

  test('a block of code', () => {
    fc.assert(
      fc.property(text, (each) => {
        if (each.trim() === '') return;
        const [block, ...more] = lexer(`${codeBlock(each, 'text')}\n\nend\n`).filter(({ type }) => type !== 'space');
        expect(more.map(({ type }) => type)).toEqual(['paragraph']);
        expect((block as Tokens.Code).text).toBe(visibleLines(each).replace(/\n+$/, ''));
      }),
      { numRuns: 2000 },
    );
  });
});
