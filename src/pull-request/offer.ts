import { createHash } from 'node:crypto';
import { pullRequestText } from '../output/pull-request.ts';
import { nameOf } from '../repo/path.ts';
import type { Clone } from './clone.ts';
import { repairCommit } from './commit.ts';
import type { Work } from './fix-repository.ts';
import type { Git } from './git.ts';
import { checkedIn, indexTree, lineEndingsOf } from './line-endings.ts';
import { markOf, withoutMarks } from './marks.ts';
import type { Proposal, ProposedFile } from './proposal.ts';
import { type TreeChange, writeTree } from './tree.ts';

/** What a branch and its pull request would be. The commit is in the clone already. */
export interface Offer {
  readonly commit: string;
  readonly title: string;
  readonly body: string;
  readonly findings: string;
}

/** Room for the marks below a text. */
const MARKS_LENGTH = 300;

/** Writes the commit of a proposal into the clone, and the words for it. Undefined when the tree stays the same. */
export async function offerOf(work: Work, proposal: Proposal, later: readonly string[]): Promise<Offer | undefined> {
  const { forge, repository, workshop, clone } = work;
  const tree = await writeTree(clone.git, clone.base.tree, await changesOf(clone, proposal));
  if (tree === clone.base.tree) return undefined;
  const { verification } = workshop;
  const limit = forge.bodyLimit - MARKS_LENGTH;
  const text = pullRequestText(
    { ...proposal.report, ...(verification && { verification }) },
    {
      limit,
      lineUrl: (path, line) => forge.lineUrl(repository.name, clone.base.id, path, line),
      transform: proposal.transform,
      keptOut: proposal.keptOut,
      later,
    },
  );
  const { title, summary } = text;
  const body = withoutMarks(text.body).slice(0, limit).trimEnd();
  const { base } = clone;
  const object = repairCommit({ commit: base.id, seconds: base.seconds }, tree, title, summary);
  const commit = (await clone.git.run(['hash-object', '-t', 'commit', '-w', '--stdin'], object)).toString().trim();
  const { findings } = proposal;
  const digest = createHash('sha256').update(`${title}\0${body}`).digest('hex').slice(0, 32);
  return {
    commit,
    title,
    body: `${body}\n\n${markOf('findings', findings)}\n${markOf('text', digest)}\n`,
    findings,
  };
}

/** The files of a proposal as git stores them: with the line ends that the attributes of the repository, as they will be, ask for. */
async function changesOf({ git, base }: Clone, { files }: Proposal): Promise<ReadonlyMap<string, TreeChange>> {
  const attributes = files.filter(({ path }) => nameOf(path) === '.gitattributes');
  for (const file of attributes) await stage(git, file);
  const endings = await lineEndingsOf(
    git,
    files.map(({ path }) => path),
  );
  if (attributes.length > 0) await indexTree(git, base.tree);
  const changes = new Map<string, TreeChange>();
  for (const file of files) {
    const said = endings.get(file.path);
    if ('removed' in file) changes.set(file.path, null);
    else {
      const bytes = Buffer.from(file.base64, 'base64');
      const stored = said?.text === 'auto' ? await storedAt(git, base.tree, file.path) : undefined;
      changes.set(file.path, { bytes: said ? checkedIn(bytes, said, stored) : bytes, mode: file.mode });
    }
  }
  return changes;
}

async function stage(git: Git, file: ProposedFile): Promise<void> {
  const object =
    'removed' in file
      ? undefined
      : (await git.run(['hash-object', '-w', '--stdin'], Buffer.from(file.base64, 'base64'))).toString().trim();
  const entry = object === undefined ? `0 ${'0'.repeat(40)}` : `100644 ${object}`;
  await git.run(['update-index', '-z', '--index-info'], `${entry}\t${file.path}\0`);
}

async function storedAt(git: Git, tree: string, path: string): Promise<Buffer | undefined> {
  const listed = (
    await git.run(['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', tree, '--', path], '')
  ).toString();
  const object = /^100\d{3} blob ([0-9a-f]+)\t/.exec(listed)?.[1];
  return object === undefined ? undefined : git.run(['cat-file', 'blob', object], '');
}
