import type { Edit } from '../finding.ts';
import type { RepoFile } from '../repo/repo.ts';
import { splice } from '../splice.ts';
import { readStack, type ServiceView, type Stack } from './stack.ts';

/** The stack as it would be after some edits, to see whether they achieve what they are for; a file whose edits cannot be made stays. */
export function rehearse(stack: Stack, edits: readonly Edit[]): Stack {
  const changed = new Map<string, RepoFile>();
  for (const path of new Set(edits.map((edit) => edit.path))) {
    const file = stack.repo.file(path);
    if (!('text' in file)) continue;
    const own = edits.filter((edit) => edit.path === path);
    const text = splice(file.text, own);
    if (typeof text === 'string') changed.set(path, { ...file, text });
  }
  return readStack(stack.repo.with(changed), stack);
}

/** The same service in another snapshot's stack. */
export function sameService(stack: Stack, view: ServiceView): ServiceView | undefined {
  const { name, at } = view.service;
  const found = stack.services.find((other) => other.name === name && other.at.path === at.path);
  return found && stack.view(found);
}
