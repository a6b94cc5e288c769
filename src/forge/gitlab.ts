import {
  Commits,
  Groups,
  MergeRequestNotes,
  type MergeRequestSchema,
  MergeRequests,
  ProjectMembers,
  type ProjectSchema,
  Projects,
  type SimpleUserSchema,
  Users,
} from '@gitbeaker/rest';
import { draftMarks } from './draft.ts';
import type { Comment, Forge, ForgeAddress, PullRequest, Repository } from './forge.ts';
import { ForgeError } from './forge-error.ts';
import { type HttpOptions, send } from './http.ts';
import { pathUrl } from './path-url.ts';

/** The most entries of a page: https://docs.gitlab.com/api/rest/#offset-based-pagination */
const PAGE = 100;
/** Who has this or more in a project may push: https://docs.gitlab.com/user/permissions/ */
const DEVELOPER = 30;
/** Descriptions and comments: https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics */
const BODY_LIMIT = 1_000_000;
/** A longer description of a commit status is refused by some versions. */
const DESCRIPTION_LIMIT = 255;

const STATES = { opened: 'open', locked: 'open', merged: 'merged', closed: 'closed' } as const;
const EVENTS = { open: 'reopen', closed: 'close' } as const;
/** A status knows no "neutral"; `skipped` and `canceled` would block a merge request whose pipeline has to succeed. */
const STATUSES = { success: 'success', neutral: 'success', failure: 'failed' } as const;
/** The ways to mark a draft: https://docs.gitlab.com/user/project/merge_requests/drafts/ */
const drafts = draftMarks('Draft: ', /^(draft:|\[draft\]|\(draft\))\s*/i);

/** GitLab, on gitlab.com or anywhere, spoken to with a personal, group or project access token. */
export function gitlab(address: ForgeAddress, token: string, http: HttpOptions): Forge {
  // As a bearer, because `fetch` takes that header, and not Private-Token, away from a redirect to another origin.
  const options = { host: address.url, oauthToken: token, camelize: false as const, requesterFn: requesterWith(http) };
  const projects = new Projects(options);
  const mergeRequests = new MergeRequests(options);
  const notes = new MergeRequestNotes(options);
  const members = new ProjectMembers(options);
  const users = new Users(options);
  const groups = new Groups(options);
  const commits = new Commits(options);

  const repositoryOf = (project: ProjectSchema): Repository => ({
    name: project.path_with_namespace,
    defaultBranch: project.default_branch ?? '',
    cloneUrl: `${address.url}/${project.path_with_namespace}.git`,
    archived: project.archived,
    fork: Boolean(project['forked_from_project']),
    empty: project.empty_repo,
  });

  const repository = async (name: string): Promise<Repository> => repositoryOf(await projects.show(name));

  /** The name of the repository that a merge request comes from; empty when it is gone or hidden. */
  async function sourceOf(target: string, found: MergeRequestSchema): Promise<string> {
    if (found.source_project_id === found.target_project_id) return target;
    if (!found.source_project_id) return '';
    try {
      return (await projects.show(found.source_project_id)).path_with_namespace;
    } catch (error) {
      if (error instanceof ForgeError && error.kind === 'not found') return '';
      throw error;
    }
  }

  async function pullRequestOf(target: string, found: MergeRequestSchema): Promise<PullRequest> {
    return {
      number: found.iid,
      url: found.web_url,
      state: STATES[found.state as keyof typeof STATES],
      title: found.draft ? drafts.without(found.title) : found.title,
      body: found.description ?? '',
      base: found.target_branch,
      head: found.source_branch,
      headRepository: await sourceOf(target, found),
      headCommit: found.sha ?? '',
      draft: found.draft,
    };
  }

  /** The user of a name, which GitLab compares without regard to case. */
  const userOf = async (name: string): Promise<SimpleUserSchema | undefined> =>
    (await users.all({ username: name }))[0];

  async function* repositoriesOf(owner: string): AsyncGenerator<Repository> {
    const ordered = { orderBy: 'id', sort: 'asc', perPage: PAGE, showExpanded: true } as const;
    const ofGroup = (page: number): Promise<{ data: ProjectSchema[] }> =>
      groups.allProjects<true>(owner, { ...ordered, page, includeSubgroups: true, withShared: false });
    const ofUser = (page: number): Promise<{ data: ProjectSchema[] }> =>
      users.allProjects<true, 'offset'>(owner, { ...ordered, page });
    let list = ofGroup;
    for (let page = 1; ; page++) {
      const { data } = await list(page).catch((error: unknown) => {
        // A user is no group; users cannot have a "/" in their names.
        if (page > 1 || owner.includes('/') || !(error instanceof ForgeError) || error.kind !== 'not found')
          throw error;
        list = ofUser;
        return list(page);
      });
      if (data.length === 0) return;
      yield* data.map(repositoryOf);
    }
  }

  /** Goes on after the last id, because pages by number end at 50,000 projects. */
  async function* search(query: string): AsyncGenerator<Repository> {
    const sought = { search: query, searchNamespaces: true, orderBy: 'id', sort: 'asc' } as const;
    for (let idAfter = 0; ; ) {
      const { data } = await projects.all<true, 'offset'>({
        ...sought,
        idAfter,
        page: 1,
        perPage: PAGE,
        showExpanded: true,
      });
      const last = data.at(-1);
      if (!last) return;
      yield* data.map(repositoryOf);
      idAfter = last.id;
    }
  }

  return {
    address,
    bodyLimit: BODY_LIMIT,
    lineUrl: (name, commit, path, line) =>
      `${address.url}/${name}/-/blob/${commit}/${pathUrl(path)}${line === undefined ? '' : `#L${line}`}`,
    repository,
    // https://docs.gitlab.com/user/profile/personal_access_tokens/#clone-repository-using-personal-access-token
    gitCredentials: async () => ({ username: 'oauth2', password: token }),

    async self() {
      try {
        return (await users.showCurrentUser()).username;
      } catch (error) {
        if (error instanceof ForgeError && error.kind === 'forbidden') return undefined;
        throw error;
      }
    },

    async pullRequests(name, head) {
      const found = await mergeRequests.all({
        projectId: name,
        sourceBranch: head,
        scope: 'all', // Without it, some versions list only those of the owner of the token.
        perPage: PAGE,
      });
      const own = found.filter(({ source_project_id, target_project_id }) => source_project_id === target_project_id);
      return await Promise.all(own.sort((a, b) => b.iid - a.iid).map((one) => pullRequestOf(name, one)));
    },

    pullRequest: async (name, number) => pullRequestOf(name, await mergeRequests.show(name, number)),

    async changedPaths(name, number) {
      const diffs = await mergeRequests.allDiffs(name, number, { perPage: PAGE });
      return [...new Set(diffs.flatMap(({ old_path, new_path }) => [old_path, new_path]))].sort();
    },

    async open(name, wanted) {
      const reviewers = await Promise.all(
        wanted.reviewers.map(async (reviewer) => ({ reviewer, id: (await userOf(reviewer))?.id })),
      );
      const ids = reviewers.flatMap(({ id }) => (id === undefined ? [] : [id]));
      // The list is separated by commas, so a label with one would become two others.
      const labels = wanted.labels.filter((label) => !label.includes(','));
      const made = await mergeRequests.create(
        name,
        wanted.head,
        wanted.base,
        wanted.draft ? drafts.with(wanted.title) : wanted.title,
        {
          description: wanted.body,
          ...(labels.length > 0 && { labels: labels.join(',') }),
          ...(ids.length > 0 && { reviewerIds: ids }),
        },
      );
      const labelled = new Set(made.labels.map((label) => (typeof label === 'string' ? label : label.name)));
      const asked = new Set((made.reviewers ?? []).map(({ id }) => id));
      return {
        pullRequest: await pullRequestOf(name, made),
        notes: [
          ...wanted.labels
            .filter((label) => !labelled.has(label))
            .map((label) => `The label "${label}" could not be added.`),
          ...reviewers.flatMap(({ reviewer, id }) => {
            if (id === undefined)
              return [`No user is named "${reviewer}", so nobody of that name was asked for a review.`];
            if (asked.has(id)) return [];
            return [
              `"${reviewer}" was not taken as a reviewer: some plans of GitLab allow one only, and only members.`,
            ];
          }),
        ],
      };
    },

    async update(name, number, change) {
      // A title without the mark would make a draft ready, which is a person's to decide.
      const isDraft = change.title !== undefined && (await mergeRequests.show(name, number)).draft;
      const edited = await mergeRequests.edit(name, number, {
        ...(change.title !== undefined && { title: isDraft ? drafts.with(change.title) : change.title }),
        ...(change.body !== undefined && { description: change.body }),
        ...(change.base !== undefined && { targetBranch: change.base }),
        ...(change.state !== undefined && { stateEvent: EVENTS[change.state] }),
      });
      return pullRequestOf(name, edited);
    },

    async comments(name, number) {
      const all = await notes.all(name, number, { orderBy: 'created_at', sort: 'asc', perPage: PAGE });
      return all
        .filter(({ system }) => !system)
        .map(({ id, author, body }): Comment => ({ id, author: author.username, body }));
    },

    async comment(name, number, body) {
      await notes.create(name, number, body);
    },

    async canWrite(name, user) {
      const found = await userOf(user);
      if (found) {
        try {
          const member = await members.show(name, found.id, { includeInherited: true });
          const isActive = member.state === 'active' && member['membership_state'] !== 'awaiting';
          return isActive && member.access_level >= DEVELOPER;
        } catch (error) {
          if (!(error instanceof ForgeError) || error.kind !== 'not found') throw error;
        }
      }
      // Not a member, unless the repository itself is what was not found.
      await repository(name);
      return false;
    },

    async setCheck(name, check) {
      await commits.editStatus(name, check.commit, STATUSES[check.conclusion], {
        name: check.name,
        description: check.title.slice(0, DESCRIPTION_LIMIT),
      });
    },

    repositoriesOf,
    search,
  };
}

type RequesterFn = NonNullable<NonNullable<ConstructorParameters<typeof Projects>[0]>['requesterFn']>;
type Requester = ReturnType<RequesterFn>;

/** What sends the requests of the client: each of them once, where its own would repeat some up to ten times. */
function requesterWith(http: HttpOptions): RequesterFn {
  return ({ url, authHeaders }) => {
    const call =
      (method: string): Requester['get'] =>
      async (endpoint, { searchParams = {}, body } = {}) => {
        const query = new URLSearchParams();
        for (const [key, value] of Object.entries(searchParams))
          if (value != null) query.append(snake(key), String(value));
        const headers: Record<string, string> = {};
        for (const [name, value] of Object.entries(authHeaders)) headers[name] = await value();
        const answer = await send(
          {
            method,
            url: `${url.replace(/\/$/, '')}/${endpoint}${query.size > 0 ? `?${query}` : ''}`,
            headers,
            body: body && Object.fromEntries(Object.entries(body).map(([key, value]) => [snake(key), value])),
          },
          http,
        );
        return { status: answer.status, headers: Object.fromEntries(answer.headers), body: answer.body as never };
      };
    return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') };
  };
}

/** GitLab's spelling of a name: `sourceBranch` → `source_branch`. */
const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
