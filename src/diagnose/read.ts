import { eachLine } from './lines.ts';
import { normaliser } from './normalise.ts';
import { symptoms } from './symptoms/index.ts';
import type { Frame, LogLine, Name, Names, Reading, Sighting, Symptom } from './types.ts';

/** Different sightings that are kept; a log that has more repeats the same thing about different things. */
const MOST = 200;
const LONGEST_QUOTE = 300;
/** Sources whose last lines are remembered. */
const MOST_SOURCES = 500;
/** Lines after which a stack trace no longer belongs to an error. */
const TRACE_REACH = 40;

/** Words without which no line is an error that is known: most lines of a long log are put aside by this alone. */
const MAYBE =
  /error|fail|denied|refused|not (?:found|exist|find|set|open|load|a directory|listen|permitted)|no (?:such|space|module|live|config|service|match|database)|must be|required|missing|mandatory|could ?n[o']t|cannot|can't|unable|undefined|undeclared|unknown|invalid|already|does(?:n't| not)|missing|unhealthy|not healthy|no healthcheck|compatible|declared|18\+,|137|kill|out of memory|heap|outside of|cycle|circular|context|unregistered|disallowed|allowed_hosts|refers to|unsupported|additional propert|yaml|manifest|defined|bad gateway|executable|interpreter|conn|in use|starting up|uninitialized|" 404|ENOENT|EACCES|ENOSPC|permitted|should be|address|\\r|illegal|unexpected|is not set|NOAUTH/i;

const PYTHON_FRAME = /^\s*File "([^"]{1,300})", line (\d{1,6})/;
const NODE_FRAME = /^\s+at .{0,200}?\(?((?:file:\/\/)?\/[^\s():]{1,300}):(\d{1,6}):\d+\)?$/;
const FOREIGN = /site-packages|dist-packages|node_modules|^node:|^<|^\/usr\/|\/\.venv\/|\/venv\/|\/lib\/python\d/;

interface Recent {
  readonly previous: string;
  readonly frame: (Frame & { readonly seen: number }) | undefined;
}

/** Finds the error messages of a log, whatever its length, in bounded memory. */
export async function readLog(chunks: AsyncIterable<Uint8Array>): Promise<Reading> {
  const recent = new Map<string, Recent>();
  const found = new Map<string, Sighting>();
  const normalise = normaliser();
  let lines = 0;
  let cut = false;
  const look = (line: LogLine): void => {
    const key = line.source ?? '';
    const known = recent.get(key);
    const frame = frameOf(line.text, lines, known?.frame);
    if (known !== undefined || recent.size < MOST_SOURCES) recent.set(key, { previous: line.text, frame });
    if (!MAYBE.test(line.text)) return;
    const seen = symptomIn(line.text, known?.previous ?? '');
    if (!seen) return;
    const { symptom, names } = seen;
    const source = names.service ?? line.source;
    const id = JSON.stringify([symptom.id, source, names]);
    const earlier = found.get(id);
    if (earlier) found.set(id, { ...earlier, count: earlier.count + 1 });
    else if (found.size >= MOST) cut = true;
    else {
      const place = frame && { path: frame.path, line: frame.line };
      found.set(id, { symptom, line: lines, count: 1, quote: quoteOf(line.text), source, names, frame: place });
    }
  };
  await eachLine(chunks, (raw) => {
    lines += 1;
    const line = normalise(raw);
    // The engine's messages may hold the newlines of the program that they quote.
    for (const text of line.text.split('\n')) look({ ...line, text });
  });
  return { lines, sightings: [...found.values()], cut };
}

function frameOf(text: string, line: number, known: Recent['frame']): Recent['frame'] {
  const [, path, number] = PYTHON_FRAME.exec(text) ?? (text.includes(' at ') ? NODE_FRAME.exec(text) : undefined) ?? [];
  if (path === undefined || FOREIGN.test(path))
    return known === undefined || line - known.seen > TRACE_REACH ? undefined : known;
  return { path: path.replace('file://', ''), line: Number(number), seen: line };
}

/** The symptom that a line shows: the first that one of its patterns matches. */
function symptomIn(text: string, previous: string): { readonly symptom: Symptom; readonly names: Names } | undefined {
  for (const symptom of symptoms) {
    for (const pattern of symptom.patterns) {
      const match = pattern.exec(pattern.source.includes('\\n') ? `${previous}\n${text}` : text);
      if (match) return { symptom, names: namesOf(match) };
    }
  }
  return undefined;
}

const namesOf = (match: RegExpExecArray): Names =>
  Object.fromEntries(Object.entries(match.groups ?? {}).filter((entry): entry is [Name, string] => Boolean(entry[1])));

/** The line as it is shown: values that a validation error repeats stay away. */
function quoteOf(text: string): string {
  const line = text.trim().replace(/,? ?input_value=.*$/, ', …]');
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}
