import { lineEnd } from '../../lines.ts';
import type { ComposeProblem } from '../compose.ts';

const MAX_TEXT = 4 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;

/** Why a text is too big to parse, before any parser sees it. */
export const sizeProblem = (path: string, text: string): ComposeProblem | undefined => {
  if (text.length > MAX_TEXT) {
    return {
      at: { path, start: 0, end: 0 },
      message: 'The file is larger than 4 MB.',
      hint: 'A compose file is written by hand and small: leave this one out.',
    };
  }
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start);
    if (end - start > MAX_LINE) {
      return {
        at: { path, start, end: start },
        message: 'A line is longer than 1 MB.',
        hint: 'Move the data into a file of its own.',
      };
    }
    start = end;
  }
  return undefined;
};

/** What to say about a text that does not parse when it looks like a template (Jinja, Go, ERB). */
export const templateHint = (text: string): { readonly message: string; readonly hint: string } | undefined =>
  /\{\{|\{%|\{#-?\s|<%/.test(text)
    ? {
        message: 'The file is a template, not YAML: it holds `{{ … }}` or `{% … %}`.',
        hint: 'Render the template first, and check the rendered file.',
      }
    : undefined;
