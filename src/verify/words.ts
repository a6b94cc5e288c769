import type { Mask } from '../model/secret/mask.ts';
import { credentialsIn, isCommon, isSecret, isUrlSecret } from '../model/secret.ts';
import { escapeRegExp } from '../pattern.ts';

/** Adds the secret values among the variables of a service to those that must not appear in what is told. */
export function addSecrets(
  known: { readonly anywhere: Set<string>; readonly inPlace: Set<string> },
  variables: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value !== 'string') continue;
    const passwords = credentialsIn(value).filter(isUrlSecret);
    for (const secret of [...(isSecret(name, value) ? [value] : []), ...passwords.map(({ password }) => password)])
      (isCommon(secret) ? known.inPlace : known.anywhere).add(secret);
  }
}

/** Names of one run that mean nothing to the reader. */
export interface Disguise {
  /** The folder of the copy that stands for the repository. */
  readonly copy: string;
  /** The folder of the run. */
  readonly folder: string;
  readonly project: string;
}

/**
 * Text of a tool or of a container as it may be shown: without secrets, temporary folders and made-up project names.
 * Everything that a verification tells about the outside passes through here.
 */
export function tellable(text: string, disguise: Disguise, mask: Mask): string {
  return mask(text)
    .replaceAll(`${disguise.copy}/`, '')
    .replaceAll(disguise.copy, '.')
    .replaceAll(disguise.folder, '')
    .replace(new RegExp(`${escapeRegExp(disguise.project)}[-_]([\\w.-]+?)-\\d+\\b`, 'g'), '$1')
    .replace(new RegExp(`${escapeRegExp(disguise.project)}[-_]`, 'g'), '');
}
