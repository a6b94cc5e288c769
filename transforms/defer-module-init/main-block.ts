import type { Edit, Span } from '../../src/finding.ts';
import { eolOf } from '../../src/lines.ts';
import type { PythonModule, PythonStatement } from '../../src/parse/python.ts';

/** The `if __name__ == "__main__":` of a module. */
export const mainBlock = (module: PythonModule): PythonStatement | undefined =>
  module.statements.find(
    ({ kind, parent, head }) =>
      kind === 'if' && parent === -1 && /^__name__\s*==\s*["']__main__["']$/.test(head.trim()),
  );

/** Lines for a direct run (`python app.py`), in front of what starts the server there; `undefined` where nothing starts one. */
export function inMainBlock(module: PythonModule, lines: readonly string[]): Edit | undefined {
  const block = mainBlock(module);
  const body = block
    ? module.statements.filter(({ parent, clause }) => parent === block.index && clause === 'body')
    : [];
  const runs = body.find(({ at }) =>
    /(?:^|\.)run(?:_app)?\(|run_simple\(|\bserve\(/.test(module.text.slice(at.start, at.end)),
  );
  const at = runs?.lines?.start;
  if (!runs || at === undefined) return undefined;
  const eol = eolOf(module.text);
  return {
    path: module.path,
    start: at,
    end: at,
    text: lines.map((line) => (line === '' ? '' : runs.indent + line) + eol).join(''),
  };
}

/** The lines of a place of a module without their common indentation; `undefined` when a literal runs over several lines. */
export function linesOf(module: PythonModule, place: Span, indent: string): readonly string[] | undefined {
  const text = module.text.slice(place.start, place.end).replace(/\r?\n$/, '');
  if (/"""|'''|\\\r?\n/.test(text)) return undefined;
  const lines = text.split(/\r?\n/);
  if (lines.some((line, index) => index > 0 && line.trim() !== '' && !line.startsWith(indent))) return undefined;
  return lines.map((line, index) => (index === 0 ? line.trimStart() : line.slice(indent.length)));
}
