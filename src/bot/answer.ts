import { BOT_FILE } from '../config.ts';
import { visible } from '../output/visible.ts';
import type { BranchResult, FixResult } from '../pull-request/types.ts';
import type { Transform } from '../transform.ts';

/** What a comment can say, for people who said something else. */
export const helpText = (): string => `dockfix understands, at the beginning of a line:

| comment | what happens |
|---|---|
| \`/dockfix apply\` | a pull request with the repairs of this branch is opened, or brought up to date |
| \`/dockfix ignore <transform>\` | that transform is left out in this pull request |
| \`/dockfix explain <transform>\` | what it repairs, and what it finds here |
`;

/** A request that cannot be done, and why. */
export const refusalText = (message: string, hint: string | undefined): string =>
  `${plain(message)}${/[.!?]$/.test(message) ? '' : '.'}${hint === undefined ? '' : ` ${plain(hint)}`}\n`;

export const forkText = (): string =>
  'This pull request comes from a fork, which dockfix cannot write to. Who owns the branch can run `npx dockfix apply --write` there.\n';

export const notOpenText = (): string =>
  'This pull request is not open any more, so there is nothing to repair in it.\n';

/** What became of `/dockfix apply`. */
export function appliedText({ branches, skipped }: FixResult): string {
  if (skipped !== undefined) return `Nothing was done: ${plain(skipped)}.\n`;
  const told = branches.filter(({ action }) => action !== 'nothing to repair');
  if (told.length === 0) return 'There is nothing to repair.\n';
  return `${told.map(branchText).join('\n')}\n`;
}

const SAYS: Readonly<Record<BranchResult['action'], string>> = {
  opened: 'A pull request with the repairs',
  updated: 'Brought up to date',
  unchanged: 'As it should be',
  closed: 'Closed, because nothing is left to repair',
  'left alone': 'Left alone',
  'nothing to repair': 'Nothing to repair',
  'would propose': 'Would be proposed',
};

function branchText({ branch, action, pullRequest, notes }: BranchResult): string {
  const where = pullRequest ? `#${pullRequest.number}` : `\`${branch}\``;
  return [`- ${SAYS[action]}: ${where}`, ...notes.map((note) => `  - ${plain(note)}`)].join('\n');
}

/** What `/dockfix ignore` did. `here` says where it holds. */
export const ignoredText = (id: string, here: string): string => `\`${id}\` is left out ${here}.

To leave it out for good, write this into \`${BOT_FILE}\` (or \`dockfix.yml\`) of the base branch:

\`\`\`yaml
transforms:
  ${id}: off
\`\`\`
`;

/** A transform's page and what it finds here, as Markdown; the findings are Markdown already. */
export function explainedText(transform: Transform, page: string, findings: string, limit: number): string {
  const before = `${findings}\n<details>\n<summary>${transform.id}: ${transform.summary}</summary>\n\n`;
  const after = '\n\n</details>\n';
  const room = limit - before.length - after.length;
  // Without its title, which the summary has.
  const body = page.replace(/^# .*\n+/, '').trim();
  return `${before}${body.length > room ? body.slice(0, body.lastIndexOf('\n## ', room)) : body}${after}`;
}

/** A text that may quote a repository, as code, so that it is no markup and mentions nobody. */
function plain(text: string): string {
  const shown = visible(text);
  if (!/[\\`*_{}[\]<>#|~!@]|:\/\//.test(shown)) return shown;
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}
