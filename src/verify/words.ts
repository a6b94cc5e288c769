import { escapeRegExp } from '../pattern.ts';

/** What must not appear in what is told: values that are secret or were made up. */
export type Secrets = ReadonlySet<string>;

const SECRET_NAME = /pass(?:word|wd|phrase)?|pwd|secret|token|credential|private|api_?key|(?:^|_)key(?:$|_)|salt|dsn/i;
/** Words so common that hiding them would hide what happened. */
const TOO_COMMON = /^(?:true|false|yes|no|on|off|none|null|postgres|redis|root|admin|user|app|web|localhost|\d{1,5})$/i;
const USERINFO = /\b[a-z][\w+.-]*:\/\/[^\s:/@]*:([^\s@/]+)@/gi;
const SHORTEST = 4;

/** The secret values among the variables of a service. */
export function secretsOf(variables: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    const passwords = [...value.matchAll(USERINFO)].map((match) => match[1] ?? '');
    return [...(SECRET_NAME.test(name) ? [value] : []), ...passwords].filter(
      (secret) => secret.length >= SHORTEST && !TOO_COMMON.test(secret),
    );
  });
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
export function tellable(text: string, disguise: Disguise, secrets: Secrets): string {
  const hidden = [...secrets]
    .sort((a, b) => b.length - a.length)
    .reduce((told, secret) => told.replaceAll(secret, '***'), text.replace(USERINFO, hidePassword));
  return hidden
    .replaceAll(`${disguise.copy}/`, '')
    .replaceAll(disguise.copy, '.')
    .replaceAll(disguise.folder, '')
    .replace(new RegExp(`${escapeRegExp(disguise.project)}[-_]([\\w.-]+?)-\\d+\\b`, 'g'), '$1')
    .replace(new RegExp(`${escapeRegExp(disguise.project)}[-_]`, 'g'), '');
}

const hidePassword = (match: string, password: string): string => match.replace(`:${password}@`, ':***@');
