import type { Edit, Evidence } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Missing } from './missing.ts';

/** A required variable that `environment` gives under another spelling of its name. */
export interface Rename {
  readonly from: string;
  readonly to: string;
  readonly missing: Missing;
  readonly edit: Edit;
  readonly evidence: Evidence;
}

/** One spelling for the words that people write in several ways. */
const SPELLINGS: Readonly<Record<string, string>> = {
  URI: 'URL',
  PASS: 'PASSWORD',
  PASSWD: 'PASSWORD',
  PWD: 'PASSWORD',
  USERNAME: 'USER',
  HOSTNAME: 'HOST',
  DB: 'DATABASE',
};

const spelt = (name: string): string =>
  name
    .toUpperCase()
    .split(/[_-]/)
    .map((part) => SPELLINGS[part] ?? part)
    .join('');

/** Names of one word (`USER`, `HOST`) mean something to other programs too. */
const isOtherSpelling = (name: string, wanted: string): boolean =>
  name !== wanted && wanted.includes('_') && spelt(name) === spelt(wanted);

/** The variables whose value stands in a Compose file already, under a name that nothing in the repository reads. */
export function renamesOf(stack: Stack, missing: readonly Missing[]): readonly Rename[] {
  const found = missing.flatMap((each) => renameOf(stack, each) ?? []);
  // Where services share the entry, all of them have to want the other name.
  return found.filter(({ edit, to }) =>
    stack.services
      .filter(({ environment }) =>
        [...environment.values()].some(
          ({ at }) => at.path === edit.path && at.start <= edit.start && edit.end <= at.end,
        ),
      )
      .every((service) => found.some((other) => other.missing.service === service && other.to === to)),
  );
}

function renameOf(stack: Stack, missing: Missing): Rename | undefined {
  const to = missing.read.name;
  const entries = [...missing.service.environment.values()].filter(
    ({ name, value, from }) => from === 'environment' && value !== undefined && isOtherSpelling(name, to),
  );
  const [entry] = entries;
  if (!entry || entries.length > 1 || isRead(stack, entry.name)) return undefined;
  const text = stack.repo.read(entry.at.path) ?? '';
  const start = text.indexOf(entry.name, entry.at.start);
  if (start < 0 || start >= entry.at.end) return undefined;
  return {
    from: entry.name,
    to,
    missing,
    edit: { path: entry.at.path, start, end: start + entry.name.length, text: to },
    evidence: { at: entry.at, says: `${entry.name} is set, but the source reads ${to}` },
  };
}

/** Source, scripts and settings that name a variable may read it in a way that nobody can see. */
const isRead = (stack: Stack, name: string): boolean =>
  stack.repo.paths.some((path) => {
    if (/\.(?:md|rst|txt)$|(?:^|\/)[^/]*\.?env(?:\.[^/]*)?$|(?:^|\/)\.git/i.test(path)) return false;
    // In Compose a container's own variable is written with two dollars.
    const reading = new RegExp(`${/\.ya?ml$/.test(path) ? '\\$\\$\\{?' : '\\b'}${name}\\b`);
    return reading.test(stack.repo.read(path) ?? '');
  });
