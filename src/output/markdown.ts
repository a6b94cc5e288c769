import { lexer, type Token, type Tokens } from 'marked';
import { colouredDiffLine } from './coloured-diff.ts';
import type { Palette } from './palette.ts';

/** Renders a transform's README for a terminal: headings, paragraphs, lists, tables and code; diffs are coloured line by line. */
export function markdown(source: string, palette: Palette): string {
  const blocks = lexer(source).flatMap((token) => block(token, palette) ?? []);
  return `${blocks.join('\n\n')}\n`;
}

function block(token: Token, palette: Palette): string | undefined {
  switch (token.type) {
    case 'heading':
      return palette.bold(
        token['depth'] === 1 ? palette.underline(inline(token.tokens, palette)) : inline(token.tokens, palette),
      );
    case 'paragraph':
    case 'text':
      return inline(token.tokens ?? [token], palette);
    case 'code':
      return indented(
        (token as Tokens.Code).text
          .split('\n')
          .map((line) => codeLine(line, token['lang'], palette))
          .join('\n'),
        '    ',
      );
    case 'list':
      return listText(token as Tokens.List, palette);
    case 'blockquote':
      return indented(
        (token.tokens ?? []).flatMap((inner) => block(inner, palette) ?? []).join('\n\n'),
        palette.dim('> '),
      );
    case 'table':
      return tableText(token as Tokens.Table, palette);
    case 'hr':
      return palette.dim('---');
    default:
      return undefined;
  }
}

function listText(list: Tokens.List, palette: Palette): string {
  const first = typeof list.start === 'number' ? list.start : 1;
  return list.items
    .map((item, index) => {
      const mark = list.ordered ? `${first + index}. ` : '- ';
      const body = item.tokens.flatMap((token) => block(token, palette) ?? []).join('\n');
      return `  ${mark}${body.replaceAll('\n', `\n  ${' '.repeat(mark.length)}`)}`;
    })
    .join('\n');
}

function tableText(table: Tokens.Table, palette: Palette): string {
  const row = (cells: readonly Tokens.TableCell[]): string =>
    cells.map((cell) => inline(cell.tokens, palette)).join('  ');
  return [palette.bold(row(table.header)), ...table.rows.map(row)].join('\n');
}

function inline(tokens: readonly Token[] | undefined, palette: Palette): string {
  return (tokens ?? []).map((token) => inlineText(token, palette)).join('');
}

function inlineText(token: Token, palette: Palette): string {
  switch (token.type) {
    case 'strong':
      return palette.bold(inline(token.tokens, palette));
    case 'em':
      return palette.underline(inline(token.tokens, palette));
    case 'codespan':
      return palette.cyan((token as Tokens.Codespan).text);
    case 'link': {
      const { href, text } = token as Tokens.Link;
      return href === text ? href : `${inline(token.tokens, palette)} ${palette.dim(`(${href})`)}`;
    }
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'br':
      return '\n';
    case 'html':
      return '';
    default:
      return 'tokens' in token && token.tokens ? inline(token.tokens, palette) : token.raw.replaceAll('\n', ' ');
  }
}

const codeLine = (line: string, language: unknown, palette: Palette): string =>
  language === 'diff' ? colouredDiffLine(line, palette) : line;

const indented = (text: string, prefix: string): string => text.replace(/^/gm, prefix);
