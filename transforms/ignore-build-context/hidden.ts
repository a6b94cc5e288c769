import type { Change, Finding } from '../../src/finding.ts';
import { eolOf, lineEnd } from '../../src/lines.ts';
import type { BuildContext, ContextUser } from '../../src/model/context/build-context.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf, type DockerWord } from '../../src/parse/dockerfile.ts';
import { type Dockerignore, type IgnoreLine, readDockerignore } from '../../src/parse/dockerignore.ts';
import { folderOf, nameOf, resolveIn, within } from '../../src/repo/path.ts';

/** A source that somebody left out on purpose: that the COPY names it is the mistake. */
const PRIVATE =
  /(?:^|\/)(?:\.git|\.env(?:\.(?!example|sample|dist|template).*)?|node_modules|\.venv|id_rsa|.*\.(?:pem|key|p12|pfx))(?:\/|$)/;

/** Folders that builds write. */
const MADE = /(?:^|\/)(?:dist|build|out|output|public|static|wheels|target|\.next|\.output|node_modules|\.?venv)\/?$/;

/** COPY sources that the repository has and that the ignore file keeps out of the context. */
export function* hiddenSources(stack: Stack, context: BuildContext): Iterable<Finding> {
  const done = new Set<string>();
  for (const user of context.users) {
    const text = stack.repo.read(user.ignoreFile);
    const ignore = stack.sources.dockerignore(user.ignoreFile);
    if (text === undefined || !ignore) continue;
    for (const { word, path } of hiddenIn(stack, context, user, ignore)) {
      const key = `${user.ignoreFile} ${path}`;
      if (done.has(key)) continue;
      done.add(key);
      yield hiddenSource(stack, context, user, { word, path, text, ignore });
    }
  }
}

interface Hidden {
  readonly word: DockerWord;
  /** Relative to the context. */
  readonly path: string;
  readonly text: string;
  readonly ignore: Dockerignore;
}

function hiddenIn(
  stack: Stack,
  { folder }: BuildContext,
  { stages }: ContextUser,
  ignore: Dockerignore,
): readonly Pick<Hidden, 'word' | 'path'>[] {
  return stages.flatMap((image) =>
    image.layers.flatMap((layer) => {
      const copy = layer.instruction.stage === image.stage.index ? copyOf(layer.instruction) : undefined;
      if (!copy || copy.from !== undefined || layer.dockerfile !== image.dockerfile) return [];
      return copy.sources.flatMap((word) => {
        const source = layer.expand(word.text);
        if (/[*?[$]|:\/\/|^git@/.test(source)) return [];
        // What an earlier stage makes is left out for good: there a --from is missing, which is for copy-from-stage.
        if (image.stage.index > 0 && (source.startsWith('/') || MADE.test(source))) return [];
        const found = resolveIn(folder, source.replace(/^\/+/, ''));
        const path = found === undefined ? undefined : within(folder, found);
        if (!path || found === undefined || !ignore.ignores(path)) return [];
        if (stack.repo.has(found)) return [{ word, path }];
        return stack.repo.hasFolder(found) && !filesIn(stack, folder, path).some((each) => !ignore.ignores(each))
          ? [{ word, path }]
          : [];
      });
    }),
  );
}

/** Files of the repository at or below a path, all relative to the context. */
const filesIn = (stack: Stack, folder: string, path: string): readonly string[] =>
  stack.repo.paths.flatMap((each) => {
    const relative = within(folder, each);
    return relative !== undefined && within(path, relative) !== undefined ? [relative] : [];
  });

function hiddenSource(stack: Stack, context: BuildContext, user: ContextUser, hidden: Hidden): Finding {
  const { word, path, ignore } = hidden;
  const culprits = ignore.lines.filter((line) => !line.restores && !without(hidden, [line]).ignores(path));
  const [culprit] = culprits;
  const shown =
    culprit ?? ignore.lines.findLast((line) => !line.restores && readDockerignore('', line.pattern).ignores(path));
  const repair = PRIVATE.test(path) ? undefined : repairOf(stack, context, user, hidden, culprit);
  return {
    message: `${path} is copied into the image, and ${user.ignoreFile} keeps it out of the build context, so the build stops with "failed to compute cache key: … "/${path}": not found".`,
    at: word.at,
    evidence: [
      { at: word.at, says: `copies ${path}, which is in the repository` },
      ...(shown ? [{ at: shown.at, says: 'this line leaves it out' }] : []),
    ],
    fix: repair ?? { title: `Let ${path} into the build context, or do not copy it`, safety: 'manual', changes: [] },
    ...(repair
      ? {}
      : {
          advice: PRIVATE.test(path)
            ? `${path} is left out for a reason: take it out of the COPY, and give the container what it needs at start (env_file, a mount, a secret).`
            : `Add !${path} to ${user.ignoreFile} below the line that leaves it out.`,
        }),
  };
}

/** The ignore file as it would be without some of its lines. */
function without({ text, ignore }: Hidden, lines: readonly IgnoreLine[]): Dockerignore {
  let kept = '';
  let from = 0;
  for (const { at } of lines) {
    kept += text.slice(from, at.start);
    from = at.end;
  }
  return readDockerignore(ignore.path, kept + text.slice(from));
}

/** The line goes when it names just this path; else an exception goes in behind it. */
function repairOf(
  stack: Stack,
  context: BuildContext,
  user: ContextUser,
  hidden: Hidden,
  culprit: IgnoreLine | undefined,
): Finding['fix'] {
  const { path, text } = hidden;
  if (culprit?.pattern === path)
    return {
      title: `Take ${path} out of ${user.ignoreFile}`,
      safety: 'review',
      changes: [{ ...culprit.at, text: '' }],
    };
  const eol = eolOf(text);
  const from = culprit?.at.end ?? text.length;
  for (const at of [behindExceptions(hidden, from), from]) {
    const lead = at === 0 || text[at - 1] === '\n' ? '' : eol;
    const added: Change = { path: user.ignoreFile, start: at, end: at, text: `${lead}!${path}${eol}` };
    const next = readDockerignore(user.ignoreFile, text.slice(0, at) + added.text + text.slice(at));
    if (lets(stack, context, hidden, culprit, next))
      return { title: `Let ${path} into the build context`, safety: 'review', changes: [added] };
  }
  return undefined;
}

/** The end of the exceptions that follow a line, so that a new one stands beside its like. */
function behindExceptions({ text, ignore }: Hidden, from: number): number {
  let at = from;
  for (const line of ignore.lines.filter((each) => each.at.start >= from)) {
    if (!line.restores || text.slice(at, line.at.start).trim() !== '') break;
    at = lineEnd(text, line.at.start);
  }
  return at;
}

/** What tools leave in a folder beside the files that it holds. */
function leftoversIn(files: readonly string[]): readonly string[] {
  const beside = (manifest: RegExp, made: string): readonly string[] =>
    files.flatMap((file) => (manifest.test(nameOf(file)) ? [[folderOf(file), made].filter(Boolean).join('/')] : []));
  return [
    ...beside(/\.py$/, '__pycache__/x'),
    ...beside(/^package\.json$/, 'node_modules/x'),
    ...beside(/^(?:pyproject\.toml|requirements.*\.txt|Pipfile)$/, '.venv/x'),
    ...beside(/^\.env\.\w+$/, '.env'),
  ];
}

/** Whether the next rules let the path in, and nothing else that another line leaves out. */
function lets(
  stack: Stack,
  { folder }: BuildContext,
  hidden: Hidden,
  culprit: IgnoreLine | undefined,
  next: Dockerignore,
): boolean {
  const { path, ignore } = hidden;
  if (next.ignores(path)) return false;
  const others = culprit ? without(hidden, [culprit]) : ignore;
  const files = filesIn(stack, folder, path);
  const below = [...leftoversIn(files), ...files.filter((each) => each !== path)];
  if (culprit && below.some((each) => others.ignores(each) && !next.ignores(each))) return false;
  return stack.repo.paths.every((each) => {
    const relative = within(folder, each);
    return (
      relative === undefined ||
      within(path, relative) !== undefined ||
      ignore.ignores(relative) === next.ignores(relative)
    );
  });
}
