/** A commit, as far as dockfix reads one. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Name and address of who committed it. */
  readonly committer: string;
  /** When it was committed, in seconds since 1970; 0 where that is no date. */
  readonly seconds: number;
  readonly message: string;
}

/** The address ends in a name that can never be anybody's: https://www.rfc-editor.org/rfc/rfc2606 */
const IDENTITY = 'dockfix <dockfix@noreply.invalid>';

/** Reads a commit object; undefined when it is none. */
export function readCommit(object: string): Commit | undefined {
  const end = object.indexOf('\n\n');
  const lines = object.slice(0, end < 0 ? undefined : end).split('\n');
  const valuesOf = (name: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  const [tree] = valuesOf('tree');
  const [line] = valuesOf('committer');
  if (tree === undefined || line === undefined) return undefined;
  const [, committer = line, date = '0'] = /^(.*) (\d{1,11}) [+-]\d{4}$/.exec(line) ?? [];
  return {
    tree,
    parents: valuesOf('parent'),
    committer,
    seconds: Number(date),
    message: end < 0 ? '' : object.slice(end + 2),
  };
}

/** The commit object of a repair. The same base, tree and words give the same object, and so the same commit. */
export function repairCommit(
  base: { readonly commit: string; readonly seconds: number },
  tree: string,
  title: string,
  text: string,
): string {
  const who = `${IDENTITY} ${base.seconds} +0000`;
  const trailers = `Dockfix-Base: ${base.commit}\nDockfix-Tree: ${tree}`;
  const message = `${[title, text.trim(), trailers].filter(Boolean).join('\n\n')}\n`;
  return `tree ${tree}\nparent ${base.commit}\nauthor ${who}\ncommitter ${who}\n\n${message}`;
}

/**
 * True for a commit that dockfix made and nobody changed: its own words name its tree and its only parent. A commit that somebody
 * amended or rebased has another tree, another parent or another committer than they say.
 */
export function isRepairCommit({ tree, parents, committer, message }: Commit): boolean {
  const trailer = (name: string): string | undefined =>
    new RegExp(`^${name}: ([0-9a-f]{40,64})$`, 'm').exec(message.slice(message.trimEnd().lastIndexOf('\n\n')))?.[1];
  return (
    committer === IDENTITY &&
    parents.length === 1 &&
    trailer('Dockfix-Base') === parents[0] &&
    trailer('Dockfix-Tree') === tree
  );
}
