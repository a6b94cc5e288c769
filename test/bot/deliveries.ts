import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { createRequire } from 'node:module';

/** The secret that deliveries of these tests are signed with. */
export const SECRET = 'webhook-secret-of-the-tests-4711';

type Payload = Record<string, unknown>;

const examples = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8'),
) as readonly { readonly name: string; readonly examples: readonly Payload[] }[];

/** All payloads that GitHub has sent as examples, with the name of their event. */
export const allExamples: readonly { readonly name: string; readonly payload: Payload }[] = examples.flatMap(
  ({ name, examples }) => examples.map((payload) => ({ name, payload })),
);

/** An example of an event, as GitHub sends it; `suits` picks one of several. */
export function example(name: string, suits: (payload: Payload) => boolean): Payload {
  const found = allExamples.find((each) => each.name === name && suits(each.payload));
  if (!found) throw new Error(`there is no such example of ${name}`);
  return structuredClone(found.payload);
}

/** The payload with other values at dotted paths; `undefined` takes a field away. */
export function having(payload: Payload, values: Readonly<Record<string, unknown>>): Payload {
  const copy = structuredClone(payload);
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let at: Payload = copy;
    for (const name of names) {
      at[name] ??= {};
      at = at[name] as Payload;
    }
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}

/** What the payloads of a test are about. */
export interface Scene {
  readonly repository: string;
  readonly installation: number;
  readonly branch: string;
}

const now = (): string => new Date().toISOString();

/** A push to a branch of the repository, now. */
export const push = ({ repository, installation, branch }: Scene, to: string): Payload =>
  having(
    example('push', ({ head_commit }) => head_commit !== null),
    {
      ref: `refs/heads/${to}`,
      deleted: false,
      installation: { id: installation, node_id: 'x' },
      'repository.full_name': repository,
      'repository.default_branch': branch,
      'repository.pushed_at': Math.floor(Date.now() / 1000),
    },
  );

/** A pull request that was opened or changed now. */
export const pullRequest = (
  { repository, installation }: Scene,
  action: string,
  number: number,
  commit: string,
): Payload =>
  having(
    example('pull_request', ({ action: of }) => of === 'opened'),
    {
      action,
      number,
      installation: { id: installation, node_id: 'x' },
      'repository.full_name': repository,
      'pull_request.number': number,
      'pull_request.head.sha': commit,
      'pull_request.updated_at': now(),
    },
  );

/** A comment on a pull request, now. */
export const comment = (
  { repository, installation }: Scene,
  number: number,
  { id, author, body }: { readonly id: number; readonly author: string; readonly body: string },
): Payload =>
  having(
    example('issue_comment', ({ action, installation }) => action === 'created' && installation !== undefined),
    {
      installation: { id: installation, node_id: 'x' },
      'repository.full_name': repository,
      'issue.number': number,
      'issue.pull_request': { url: `https://api.github.com/repos/${repository}/pulls/${number}` },
      'comment.id': id,
      'comment.body': body,
      'comment.user.login': author,
      'comment.user.type': 'User',
      'comment.created_at': now(),
      'comment.author_association': 'OWNER',
      'sender.login': author,
      'sender.type': 'User',
    },
  );

/** The app was installed for these repositories. */
export const installed = (installation: number, repositories: readonly string[]): Payload =>
  having(
    example('installation', ({ action }) => action === 'created'),
    {
      'installation.id': installation,
      repositories: repositories.map((name, index) => ({
        id: index + 1,
        node_id: 'x',
        name: name.split('/')[1],
        full_name: name,
        private: false,
      })),
    },
  );

export const signed = (text: string | Buffer): string =>
  `sha256=${createHmac('sha256', SECRET).update(text).digest('hex')}`;

/** The headers of a delivery, as GitHub sends them. */
export const headersOf = (name: string, text: string | Buffer): OutgoingHttpHeaders => ({
  'content-type': 'application/json',
  'user-agent': 'GitHub-Hookshot/0000000',
  'x-github-delivery': randomUUID(),
  'x-github-event': name,
  'x-hub-signature-256': signed(text),
});

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends one request over a connection of its own; the chunks of the body as they come. Rejects when the connection breaks before an answer. */
export function send(
  port: number,
  { method, path, headers }: { readonly method: string; readonly path: string; readonly headers: OutgoingHttpHeaders },
  body: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
        sending.destroy();
      });
      response.on('error', reject);
    });
    sending.on('error', reject);
    void (async () => {
      for await (const chunk of body) {
        if (sending.destroyed) return;
        if (!sending.write(chunk))
          await new Promise((drained) => sending.once('drain', drained).once('close', drained));
      }
      sending.end();
    })();
  });
}

/** Delivers a payload, with other headers where given. */
export function deliver(
  port: number,
  name: string,
  payload: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Response> {
  const text = JSON.stringify(payload);
  return send(port, { method: 'POST', path: '/webhooks', headers: { ...headersOf(name, text), ...headers } }, [text]);
}

export const get = (port: number, path: string): Promise<Response> =>
  send(port, { method: 'GET', path, headers: {} }, []);
