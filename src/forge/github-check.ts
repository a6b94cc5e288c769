import type { Annotation, CommitCheck } from './forge.ts';
import type { GithubApi, ownerAndName } from './github-client.ts';

type At = ReturnType<typeof ownerAndName>;

/** GitHub's limits. https://docs.github.com/en/rest/checks/runs, https://docs.github.com/en/rest/commits/statuses */
const LIMITS = { annotations: 50, summary: 65_535, title: 255, message: 65_535, description: 140 };

/** Shows a check run. Of two with the same name at a commit, GitHub shows the newer one. */
export async function setCheckRun(api: GithubApi, at: At, check: CommitCheck): Promise<void> {
  const batches: (readonly Annotation[])[] = [];
  for (let start = 0; start < check.annotations.length; start += LIMITS.annotations)
    batches.push(check.annotations.slice(start, start + LIMITS.annotations));
  const [first = [], ...more] = batches;
  const output = { title: cut(check.title, LIMITS.title), summary: cut(check.summary, LIMITS.summary) };
  const { data } = await api.rest.checks.create({
    ...at,
    name: check.name,
    head_sha: check.commit,
    status: 'completed',
    conclusion: check.conclusion,
    output: { ...output, annotations: first.map(annotationOf) },
  });
  // Each update adds its annotations to those that are there.
  for (const batch of more)
    await api.rest.checks.update({
      ...at,
      check_run_id: data.id,
      output: { ...output, annotations: batch.map(annotationOf) },
    });
}

/** Shows a commit status, which has a state and a line of text only: what is neutral is a success there. */
export async function setStatus(
  api: GithubApi,
  at: At,
  { commit, conclusion, name, title }: CommitCheck,
): Promise<void> {
  await api.rest.repos.createCommitStatus({
    ...at,
    sha: commit,
    state: conclusion === 'failure' ? 'failure' : 'success',
    context: name,
    description: cut(title, LIMITS.description),
  });
}

const annotationOf = ({ path, startLine, endLine, level, title, message }: Annotation) => ({
  path,
  start_line: startLine,
  end_line: endLine,
  annotation_level: level,
  title: cut(title, LIMITS.title),
  message: cut(message, LIMITS.message),
});

/** A text that is at most so many characters long, and says by its end when it was longer. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Not in the middle of a character that takes two.
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
