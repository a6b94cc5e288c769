import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { textOf, valueAt } from '../../src/parse/compose.ts';
import type { DotenvEntry } from '../../src/parse/dotenv.ts';
import { folderOf, nameOf, resolveIn } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';

/** Files with commands that people run; a README tells them what to run. */
const COMMANDS =
  /(?:^|\/)(?:Makefile|GNUmakefile|justfile|Taskfile\.ya?ml|package\.json|README(?:\.\w+)?|[^/]+\.(?:sh|bash|mk|md))$|^\.github\/workflows\/|^\.gitlab-ci\.yml$/i;
/** https://docs.docker.com/reference/cli/docker/container/run/#env: `--env-file` takes each line as it is. */
const RUN =
  /\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b(?:\\\r?\n|[^\n])*?--env-file[= ]\s*["']?([\w./-]+)/g;
const SOURCED =
  /(?:^|[\s;&])(?:source|\.)\s+["']?(?:\.\/)?([\w./-]+)|\$\((?:cat|grep|xargs)[^)]*?([\w./-]*\.env[\w.-]*)/gm;

/** Quoted values of files that something reads line by line: `docker run --env-file`, `env_file` with `format: raw`. */
export function* rawFindings(stack: Stack): Iterable<Finding> {
  for (const [path, readers] of rawReaders(stack)) {
    const file = stack.sources.dotenv(path);
    const quoted = (file?.problems.length === 0 ? file.entries : []).filter(({ quote }) => quote !== '');
    const [first] = quoted;
    if (!file || !first) continue;
    const text = (entry: DotenvEntry): string => file.text.slice(entry.valueAt.start, entry.valueAt.end);
    const shell = isSourced(stack, path);
    const easy = quoted.filter((entry) => isEasy(text(entry), entry, shell));
    const hard = quoted.filter((entry) => !easy.includes(entry));
    if (easy.length > 0) yield easyFinding(path, readers, easy);
    if (hard.length > 0) yield hardFinding(path, readers, hard);
  }
}

const evidenceOf = (readers: readonly Evidence[], entries: readonly DotenvEntry[]): readonly Evidence[] => [
  ...readers.slice(0, 2),
  ...entries.map(({ name, valueAt }) => ({
    at: { ...valueAt, end: valueAt.start },
    says: `${name} begins with a quote`,
  })),
];

function easyFinding(path: string, readers: readonly Evidence[], entries: readonly DotenvEntry[]): Finding {
  const names = listed(entries.map(({ name }) => name));
  const changes = entries.flatMap(({ valueAt: { start, end } }): Edit[] => [
    { path, start, end: start + 1, text: '' },
    { path, start: end - 1, end, text: '' },
  ]);
  return {
    message: `${path} is read line by line, quotes included: ${names} ${entries.length > 1 ? 'reach' : 'reaches'} the program with quotes.`,
    at: entries[0]?.at ?? { path, start: 0, end: 0 },
    evidence: evidenceOf(readers, entries),
    fix: { title: `Take the quotes of ${names} away`, safety: 'review', changes },
  };
}

function hardFinding(path: string, readers: readonly Evidence[], entries: readonly DotenvEntry[]): Finding {
  const names = listed(entries.map(({ name }) => name));
  return {
    message: `${path} is read line by line, quotes included: ${names} ${entries.length > 1 ? 'reach' : 'reaches'} the program with quotes.`,
    at: entries[0]?.at ?? { path, start: 0, end: 0 },
    evidence: evidenceOf(readers, entries),
    fix: { title: `Take the quotes of ${names} away`, safety: 'manual', changes: [] },
    advice: `Another reader of ${path} (Compose, a shell) needs the quotes for what stands in them. Give docker run a file of its own, or start the container with Compose.`,
  };
}

/** Values that mean the same to every reader without their quotes. */
function isEasy(source: string, { quote }: DotenvEntry, shell: boolean): boolean {
  const inner = source.slice(1, -1);
  if (inner !== inner.trim() || /[\n\r\\"']|\s#/.test(inner) || inner.startsWith('#')) return false;
  if (quote === "'" && inner.includes('$')) return false;
  return !shell || /^[\w./:@%+=,-]*$/.test(inner);
}

/** Who reads which file raw. */
function rawReaders(stack: Stack): ReadonlyMap<string, readonly Evidence[]> {
  const readers = new Map<string, Evidence[]>();
  const add = (path: string | undefined, evidence: Evidence): void => {
    if (path !== undefined && stack.repo.has(path)) readers.set(path, [...(readers.get(path) ?? []), evidence]);
  };
  for (const path of stack.repo.paths) {
    const text = COMMANDS.test(path) ? stack.repo.read(path) : undefined;
    if (!text?.includes('--env-file')) continue;
    for (const match of text.matchAll(RUN)) {
      const at = { path, start: match.index, end: match.index + match[0].length };
      const found = [resolveIn(folderOf(path), match[1] ?? ''), resolveIn('', match[1] ?? '')].find(
        (each) => each !== undefined && stack.repo.has(each),
      );
      add(found, { at, says: 'docker run takes each line of the file as it is' });
    }
  }
  for (const service of stack.services)
    for (const { node, file } of service.parts.get('env_file') ?? [])
      for (const item of node.kind === 'seq' ? node.items.map(({ value }) => value) : [node]) {
        if (item.kind !== 'map' || textOf(valueAt(item, 'format')) !== 'raw') continue;
        const path = resolveIn(folderOf(file.path), textOf(valueAt(item, 'path')) ?? '');
        add(path, { at: item.at, says: `${service.name} gets the file in raw format` });
      }
  return new Map([...readers].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a shell reads the file too, for which blanks need quotes. */
const isSourced = (stack: Stack, path: string): boolean =>
  stack.repo.paths.some(
    (each) =>
      COMMANDS.test(each) &&
      [...(stack.repo.read(each) ?? '').matchAll(SOURCED)].some(
        (match) => nameOf(match[1] ?? match[2] ?? '') === nameOf(path),
      ),
  );
