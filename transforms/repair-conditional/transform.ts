import type { Evidence, Finding, Span } from '../../src/finding.ts';
import { indentAt, lineContentEnd, lineEnd } from '../../src/lines.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readPython } from '../../src/parse/python.ts';
import { defineTransform } from '../../src/transform.ts';
import { asExpression, type MisplacedConditional, misplacedConditional } from './statement.ts';

const SECRET = /pass|secret|key|token|credential|dsn|url/i;

/** Writes `x: str = if cond: a else b`, which Python does not read, as a conditional expression. */
export default defineTransform({
  id: 'repair-conditional',
  group: 'repair',
  summary: 'Write `x = if cond: a else b`, which stops the app at import, as a conditional expression',
  *find(stack) {
    for (const path of stack.repo.paths) {
      if (!path.endsWith('.py')) continue;
      const text = stack.repo.read(path);
      if (text !== undefined && /=[ \t]*if\b/.test(text)) yield* findIn(stack, path, text);
    }
  },
});

/** One line with the slip; `at` covers what stands after the equals sign. */
interface Slip {
  readonly parts: MisplacedConditional;
  readonly line: Span;
  readonly at: Span;
}

function findIn(stack: Stack, path: string, text: string): readonly Finding[] {
  const errors = stack.sources.python(path)?.errors ?? [];
  const slips = slipsIn(path, text).filter(({ line }) =>
    errors.some((error) => error.start <= line.end && error.end >= line.start),
  );
  if (slips.length === 0) return [];
  // All lines at once: what is wrong with one of them hides behind the others.
  const repaired = [...slips]
    .reverse()
    .reduce((done, { at, parts }) => done.slice(0, at.start) + asExpression(parts) + done.slice(at.end), text);
  const left = readPython(path, repaired).errors.length;
  return slips.map((slip) => findingOf(stack, path, text, slip, left > 0));
}

function slipsIn(path: string, text: string): readonly Slip[] {
  const slips: Slip[] = [];
  for (let start = 0; start < text.length; start = lineEnd(text, start)) {
    const end = lineContentEnd(text, start);
    const parts = misplacedConditional(text.slice(start, end));
    if (parts)
      slips.push({
        parts,
        line: { path, start, end },
        at: { path, start: start + parts.start, end: start + parts.end },
      });
  }
  return slips;
}

function findingOf(stack: Stack, path: string, text: string, { parts, line, at }: Slip, othersLeft: boolean): Finding {
  const { target, annotation, condition } = parts;
  const name = `${target}${annotation === undefined ? '' : `: ${annotation}`}`;
  // A password or key stays out of what is told.
  const meant = SECRET.test(target) ? `… if ${condition} else …` : asExpression(parts);
  const base = {
    message: `\`${name} = if …\` is not Python, so the import of ${path} stops with "SyntaxError: invalid syntax" before any setting is read`,
    at,
    evidence: [{ at: line, says: 'an assignment takes no `if` statement' }, ...importersOf(stack, path)],
  };
  const manual = (advice: string): Finding => ({
    ...base,
    advice,
    fix: { title: 'Write the conditional expression', safety: 'manual', changes: [] },
  });
  const block = blockOf(text, line.start);
  if (/\bself\b/.test(`${condition} ${parts.then} ${parts.otherwise}`) && block !== 'function')
    return manual(
      block === 'class'
        ? `A class body has no self. Write a property instead:\n\n@property\ndef ${target}(self)${annotation === undefined ? '' : ` -> ${annotation}`}:\n    return ${meant}`
        : `There is no self here. Write \`${target} = ${meant}\` with a name that exists.`,
    );
  if (othersLeft)
    return manual(
      `Write \`${meant}\`. The file has other syntax errors: repair them first, then this line can be changed for you.`,
    );
  return {
    ...base,
    fix: { title: 'Write the conditional expression', safety: 'safe', changes: [{ ...at, text: asExpression(parts) }] },
  };
}

/** What kind of block a line stands in: the nearest `class` or `def` with less indentation. */
function blockOf(text: string, lineAt: number): 'class' | 'function' | 'module' {
  let indent = indentAt(text, lineAt).length;
  const above = text.slice(0, lineAt).split('\n').reverse();
  for (const line of above) {
    const own = /^[ \t]*/.exec(line)?.[0].length ?? 0;
    if (/^\s*(?:#|$)/.test(line) || own >= indent) continue;
    indent = own;
    if (/^\s*class\b/.test(line)) return 'class';
    if (/^\s*(?:async\s+)?def\b/.test(line)) return 'function';
  }
  return 'module';
}

/** The services whose containers can import the file. */
const importersOf = (stack: Stack, path: string): readonly Evidence[] =>
  stack.services.flatMap((service) => {
    const name = stack.view(service).python.nameOf(path);
    return name === undefined ? [] : [{ at: service.at, says: `${service.name} imports it as ${name}` }];
  });
