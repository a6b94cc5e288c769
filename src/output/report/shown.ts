/** More lines than that are no error message. */
const MAX_LINES = 8;
/** The shortest quoted text that is taken for an error message; anything shorter is a name. */
const MIN_QUOTED = 16;

/** How something shows, and whether that is only an example: other names, the same kind. */
export interface Shown {
  readonly text: string;
  readonly isExample: boolean;
}

/**
 * How a problem shows: what its message, or else its proof, quotes of an error, with the names of this repository; else the example
 * in the section "What breaks" of the transform's page. `undefined` when none has one.
 */
export function shownFor(message: string, proof: readonly string[], page: string): Shown | undefined {
  const quoted = [quotedIn(message), proof.flatMap(quotedIn)].find(({ length }) => length > 0);
  if (quoted) return { text: [...new Set(quoted)].join('\n'), isExample: false };
  const example = exampleIn(page);
  return example === undefined ? undefined : { text: example, isExample: true };
}

/** Errors that a message quotes: `"failed to read …"`, `“Working outside …”`, `` `exec: "x": …` ``. */
function quotedIn(message: string): readonly string[] {
  // Of nested quotes the outermost counts.
  return [...message.matchAll(/`([^`]*)`|“([^”]*)”|"([^"]*)"/g)].flatMap(([, code, curly, straight]) => {
    if (code !== undefined) return ERROR.test(code) ? [code] : [];
    const text = curly ?? straight ?? '';
    return text.length >= MIN_QUOTED && isError(text) ? [text] : [];
  });
}

/** What stands between backticks is code more often than not. */
const ERROR = /^exec(?:: "| \/)|: not found$|Error: |^Error\b/;
const COMMAND = /^(?:docker|flask|alembic|python|pip|npm|npx|celery|gunicorn|uvicorn)\b|(?:^|\s)--?\w/;

/** Error messages have several words, and are no commands. */
const isError = (text: string): boolean => /\w\S* \S/.test(text) && !COMMAND.test(text);

/** The first code block of the section "What breaks" of a page. */
function exampleIn(page: string): string | undefined {
  const section = /^## What breaks\s*\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(page)?.[1] ?? '';
  const block = /^(`{3,})[^\n]*\n([\s\S]*?)^\1`*[ \t]*$/m.exec(section)?.[2];
  const lines = (block ?? '').split('\n').map((line) => line.trimEnd());
  while (lines.length > 0 && lines[0] === '') lines.shift();
  const [first, ...rest] = lines;
  if (first === undefined) return undefined;
  const margin = Math.min(
    ...[first, ...rest].filter((line) => line !== '').map((line) => line.length - line.trimStart().length),
  );
  const shown = [first, ...rest].slice(0, MAX_LINES).map((line) => line.slice(margin));
  return shown.join('\n').trimEnd();
}
