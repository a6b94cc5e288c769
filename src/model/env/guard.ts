import type { PythonModule } from '../../parse/python.ts';
import type { EnvLookup } from './calls.ts';

const CHOICE = /\b(?:if|or|and|lambda|else)\b/;
const STRING = /("""|'''|"|')(?:\\[\s\S]|(?!\1)[\s\S])*\1/g;
const HEADERS = /^(?:if|while|for|with|try|match|class|function)$/;

/** True for a part of an expression that chooses: `a or b`, `x if y else z`, a lambda, a condition of a comprehension. */
export function isGuarded(module: PythonModule, { at, statement }: EnvLookup): boolean {
  const own = module.statements[statement];
  if (!own) return true;
  const { start } = own.at;
  const text = module.text
    .slice(start, HEADERS.test(own.kind) ? at.end : own.at.end)
    .replace(STRING, (whole) => '"'.repeat(whole.length));
  let left: number | undefined = at.start - start;
  let right: number | undefined = at.end - start;
  while (left !== undefined && right !== undefined) {
    const before = side(text, left - 1, -1);
    const after = side(text, right, 1);
    const level = `${[...before.own].reverse().join('')} \u00a7 ${after.own}`;
    const head = before.bracket === undefined ? /^\s*(?:el)?(?:if|while)\b/ : /^$/;
    if (CHOICE.test(level.replace(head, ''))) return true;
    left = before.bracket;
    right = after.bracket === undefined ? undefined : after.bracket + 1;
  }
  return false;
}

/** What stands on one side between the same brackets and commas, and the bracket that ends it. */
function side(
  text: string,
  from: number,
  step: 1 | -1,
): { readonly own: string; readonly bracket: number | undefined } {
  const [opening, closing] = step === 1 ? ['([{', ')]}'] : [')]}', '([{'];
  let own = '';
  let depth = 0;
  let ended = false;
  for (let index = from; index >= 0 && index < text.length; index += step) {
    const char = text.charAt(index);
    if (closing.includes(char) && depth === 0) return { own, bracket: index };
    if (opening.includes(char)) depth += 1;
    else if (closing.includes(char)) depth -= 1;
    else if (depth === 0 && char === ',') ended = true;
    else if (depth === 0 && !ended) own += char;
  }
  return { own, bracket: undefined };
}
