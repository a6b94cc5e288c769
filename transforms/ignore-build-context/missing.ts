import type { Evidence, Finding } from '../../src/finding.ts';
import { type BuildContext, type ContextUser, namedSources, ownCopies } from '../../src/model/context/build-context.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readDockerignore } from '../../src/parse/dockerignore.ts';
import { within } from '../../src/repo/path.ts';
import { leftoversOf } from './leftovers.ts';
import { overwrittenIn } from './overwritten.ts';

/** A context that is copied as a whole and has no ignore file. */
export function missingIgnoreFile(stack: Stack, context: BuildContext): Finding | undefined {
  const { folder, complete } = context;
  const file = folder === '' ? '.dockerignore' : `${folder}/.dockerignore`;
  const podman = folder === '' ? '.containerignore' : `${folder}/.containerignore`;
  if (!complete || stack.repo.has(file) || stack.repo.has(podman) || stack.repo.linkAt(file)) return undefined;
  const users = context.users.filter(({ ignoreFile }) => ignoreFile === file);
  const copies = users.flatMap((user) => wholeCopies(stack, folder, user));
  const [first] = copies;
  if (!first) return undefined;
  const overwritten = users.flatMap((user) => overwrittenIn(stack, user));
  const all = leftoversOf(
    stack,
    context,
    users,
    overwritten.flatMap(({ path }) => within(folder, path) ?? []),
  );
  const kept = all.filter(({ pattern }) => isSpare(stack, context, pattern));
  const reasons = kept.filter(({ reason }) => reason !== undefined);
  if (reasons.length === 0) return undefined;
  const names = reasons.slice(0, 4).map(({ pattern }) => pattern.replace('**/', ''));
  const evidence: readonly Evidence[] = [
    ...copies.slice(0, 3).map(({ instruction }) => ({ at: instruction.at, says: 'copies all that the context holds' })),
    ...overwritten.slice(0, 2).map(({ copy, path }) => ({
      at: copy.instruction.at,
      says: `lays ${path} of the host over what was installed`,
    })),
    ...reasons.flatMap(({ reason }) => reason ?? []),
  ];
  const privately = kept.some(({ isPrivate }) => isPrivate);
  return {
    message: `${folder || 'The repository'} has no .dockerignore and is copied as a whole, so ${names.join(', ')} of whoever builds ${names.length > 1 ? 'go' : 'goes'} into the image: it grows, it differs from machine to machine${privately ? ', and the secrets of .env are in it' : ''}.`,
    at: first.instruction.at,
    evidence,
    fix: {
      title: `Write ${file}`,
      safety: privately ? 'review' : 'safe',
      changes: [{ path: file, create: `${kept.map(({ pattern }) => pattern).join('\n')}\n` }],
    },
  };
}

/** Copies of the context itself. */
const wholeCopies = (stack: Stack, folder: string, { stages }: ContextUser) =>
  stages.flatMap((image) =>
    ownCopies(stack, image).filter(
      (copy) => copy.folder && copy.source === folder && !copy.instruction.flags.some(({ name }) => name === 'exclude'),
    ),
  );

/** Nothing that the repository holds, or that a build names, would be left out. Files like `.env` are meant to be. */
function isSpare(stack: Stack, { folder, users, possible }: BuildContext, pattern: string): boolean {
  const rules = readDockerignore('', pattern);
  const isOut = (path: string): boolean => {
    const relative = within(folder, path);
    return relative !== undefined && relative !== '' && rules.ignores(relative);
  };
  if (!/\.env/.test(pattern) && stack.repo.paths.some((path) => isOut(path))) return false;
  return [...users, ...possible].every(({ stages }) =>
    stages.every((image) => namedSources(image).every((source) => !rules.ignores(source))),
  );
}
