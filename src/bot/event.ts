import { type Command, commandIn } from './command.ts';
import type { Delivery } from './delivery.ts';
import { COMMIT, idAt, LOGIN, listAt, PayloadError, REPOSITORY, textAt, timeAt, valueAt } from './payload.ts';
import { relevanceOf } from './relevance.ts';

/** What happened, as far as it is for us. */
export type BotEvent =
  | { readonly kind: 'nothing'; readonly why: string }
  /** Repositories that the app may see from now on. */
  | { readonly kind: 'repositories'; readonly installation: number; readonly repositories: readonly string[] }
  | {
      readonly kind: 'push';
      readonly installation: number;
      readonly repository: string;
      readonly branch: string;
      readonly at: number;
    }
  | {
      readonly kind: 'pull request';
      readonly installation: number;
      readonly repository: string;
      readonly number: number;
      readonly commit: string;
      readonly at: number;
    }
  | {
      readonly kind: 'command';
      readonly installation: number;
      readonly repository: string;
      readonly pullRequest: number;
      readonly comment: number;
      readonly author: string;
      readonly command: Command;
      readonly at: number;
    };

const nothing = (why: string): BotEvent => ({ kind: 'nothing', why });

/** The readers of the events that are for us; all others are not. */
const READERS: Readonly<Record<string, (payload: Delivery['payload']) => BotEvent>> = {
  installation: installed,
  installation_repositories: repositoriesAdded,
  push: pushed,
  pull_request: pullRequestChanged,
  issue_comment: commented,
};

/** The names of the events that are for us. */
export const EVENTS: readonly string[] = Object.keys(READERS);

/** What a delivery says; throws a `PayloadError` when it is not what the event of that name has. */
export function eventOf({ name, payload }: Delivery): BotEvent {
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  return reader ? reader(payload) : nothing('this event is not for us');
}

const actionOf = (payload: Delivery['payload']): string => textAt(payload, 'action', /^[a-z_]{1,64}$/);

const namesIn = (payload: Delivery['payload'], list: string): readonly string[] =>
  listAt(payload, list).map((each) => textAt(each, 'full_name', REPOSITORY));

function installed(payload: Delivery['payload']): BotEvent {
  if (actionOf(payload) !== 'created') return nothing('only a new installation is looked at');
  const installation = idAt(payload, 'installation.id');
  return { kind: 'repositories', installation, repositories: namesIn(payload, 'repositories') };
}

function repositoriesAdded(payload: Delivery['payload']): BotEvent {
  if (actionOf(payload) !== 'added') return nothing('only repositories that were added are looked at');
  const installation = idAt(payload, 'installation.id');
  return { kind: 'repositories', installation, repositories: namesIn(payload, 'repositories_added') };
}

/** Which branch is repaired is for the repository's configuration to say; most name none, and pushes elsewhere rarely concern us. */
function pushed(payload: Delivery['payload']): BotEvent {
  const standard = textAt(payload, 'repository.default_branch', /^.{1,250}$/);
  const [, branch] = /^refs\/heads\/(.+)$/.exec(textAt(payload, 'ref', /^refs\/.{1,250}$/)) ?? [];
  if (branch === undefined) return nothing('it is no branch');
  if (valueAt(payload, 'deleted') === true) return nothing('the branch was deleted');
  if (branch.startsWith('dockfix/')) return nothing('the branch is one of ours');
  if (branch !== standard && relevanceOf(changedIn(payload)) !== 'docker')
    return nothing('it is not the default branch, and touches nothing of Docker');
  return {
    kind: 'push',
    installation: idAt(payload, 'installation.id'),
    repository: textAt(payload, 'repository.full_name', REPOSITORY),
    branch,
    at: timeAt(payload, 'repository.pushed_at'),
  };
}

/** The paths that the commits of a push name. */
const changedIn = (payload: Delivery['payload']): readonly string[] =>
  listAt(payload, 'commits')
    .flatMap((commit) => ['added', 'modified', 'removed'].flatMap((list) => listAt(commit, list)))
    .filter((path) => typeof path === 'string');

/** `edited` changes what a pull request is compared with when it names another base. */
function pullRequestChanged(payload: Delivery['payload']): BotEvent {
  const action = actionOf(payload);
  const rebased = action === 'edited' && valueAt(payload, 'changes.base') !== undefined;
  if (!rebased && !['opened', 'reopened', 'synchronize'].includes(action))
    return nothing('what the pull request changes is as it was');
  return {
    kind: 'pull request',
    installation: idAt(payload, 'installation.id'),
    repository: textAt(payload, 'repository.full_name', REPOSITORY),
    number: idAt(payload, 'pull_request.number'),
    commit: textAt(payload, 'pull_request.head.sha', COMMIT),
    at: timeAt(payload, 'pull_request.updated_at'),
  };
}

function commented(payload: Delivery['payload']): BotEvent {
  if (actionOf(payload) !== 'created') return nothing('only new comments are looked at');
  if (valueAt(payload, 'issue.pull_request') === undefined) return nothing('it is no comment on a pull request');
  // Our own answers, too: no comment of a machine starts work.
  if (valueAt(payload, 'comment.user.type') !== 'User' || valueAt(payload, 'sender.type') !== 'User')
    return nothing('the comment is by a bot');
  const body = valueAt(payload, 'comment.body');
  if (typeof body !== 'string') throw new PayloadError('comment.body');
  const command = commandIn(body);
  if (!command) return nothing('the comment does not speak to dockfix');
  const author = textAt(payload, 'comment.user.login', LOGIN);
  if (valueAt(payload, 'sender.login') !== author) return nothing('somebody else sent the comment');
  return {
    kind: 'command',
    installation: idAt(payload, 'installation.id'),
    repository: textAt(payload, 'repository.full_name', REPOSITORY),
    pullRequest: idAt(payload, 'issue.number'),
    comment: idAt(payload, 'comment.id'),
    author,
    command,
    at: timeAt(payload, 'comment.created_at'),
  };
}
