import { createHash } from 'node:crypto';
import { pullRequestText } from '../output/pull-request.ts';
import { repairCommit } from './commit.ts';
import type { Work } from './fix-repository.ts';
import { markOf } from './marks.ts';
import type { Proposal } from './proposal.ts';
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
  const tree = await writeTree(clone.git, clone.base.tree, changesOf(proposal));
  if (tree === clone.base.tree) return undefined;
  const { verification } = workshop;
  const { title, body, summary } = pullRequestText(
    { ...proposal.report, ...(verification && { verification }) },
    {
      limit: forge.bodyLimit - MARKS_LENGTH,
      lineUrl: (path, line) => forge.lineUrl(repository.name, clone.base.id, path, line),
      transform: proposal.transform,
      keptOut: proposal.keptOut,
      later,
    },
  );
  const { base } = clone;
  const object = repairCommit({ commit: base.id, seconds: base.seconds }, tree, title, summary);
  const commit = (await clone.git.run(['hash-object', '-t', 'commit', '-w', '--stdin'], object)).toString().trim();
  const { findings } = proposal;
  const text = createHash('sha256').update(`${title}\0${body}`).digest('hex').slice(0, 32);
  return {
    commit,
    title,
    body: `${body.trimEnd()}\n\n${markOf('findings', findings)}\n${markOf('text', text)}\n`,
    findings,
  };
}

const changesOf = ({ files }: Proposal): ReadonlyMap<string, TreeChange> =>
  new Map(
    files.map((file) => [
      file.path,
      'removed' in file ? null : { bytes: Buffer.from(file.base64, 'base64'), mode: file.mode },
    ]),
  );
