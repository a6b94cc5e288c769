import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { gitEnvironment } from './bare.ts';
import type { Identity, World } from './world.ts';

let backend: string | undefined;

/** Where git keeps the program that speaks its HTTP protocol. */
function httpBackend(): string {
  backend ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  if (!existsSync(backend)) throw new Error(`${backend} is missing: install the package git with its HTTP backend`);
  return backend;
}

/** Who presents a token as the password of HTTP basic authentication; undefined for nobody, null for a wrong one. */
function identityOf(world: World, authorization: string | undefined): Identity | undefined | null {
  if (authorization === undefined) return undefined;
  const [scheme, encoded = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'basic') return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return world.whoIs(pair.slice(pair.indexOf(':') + 1)) ?? null;
}

/**
 * Serves clones, fetches and pushes of a world's repositories as forges do: what is private asks for a password first and is
 * unknown to who may not read it; pushing needs a password and write access.
 */
export async function serveGit(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const refuse = (status: number, text: string): void => {
    request.resume();
    const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="git"' } : {};
    response.writeHead(status, { 'content-type': 'text/plain', ...challenge }).end(`${text}\n`);
  };
  const [, name = '', service = ''] =
    /^\/(.+?)(?:\.git)?(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/.exec(decodeURI(url.pathname)) ?? [];
  const identity = identityOf(world, request.headers.authorization);
  if (identity === null) return refuse(401, 'Invalid username or token.');
  const repository = world.find(name);
  const permission = repository ? world.permission(repository, identity) : 'none';
  const isPush = service === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  if (!identity && (permission === 'none' || isPush)) return refuse(401, 'Authentication required.');
  if (!repository || permission === 'none') return refuse(404, 'Repository not found.');
  if (isPush && permission === 'read') return refuse(403, `Permission to ${repository.name} denied.`);
  if (isPush && repository.archived) return refuse(403, 'This repository was archived so it is read-only.');

  const child = spawn(httpBackend(), [], {
    env: {
      ...gitEnvironment,
      GIT_PROJECT_ROOT: world.folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${basename(repository.path)}${service}`,
      REQUEST_METHOD: request.method ?? 'GET',
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
      ...(identity ? { REMOTE_USER: identity.user.login } : {}),
    },
  });
  response.on('close', () => child.kill());
  // A client that goes away in the middle is no fault of this server: git sees the end of its input.
  request.on('error', () => child.stdin.end());
  child.stdin.on('error', () => request.resume());
  request.pipe(child.stdin);
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  await relay(child.stdout, response);
  await ended;
  if (!response.headersSent) throw new Error(`git http-backend answered nothing: ${Buffer.concat(said).toString()}`);
}

/** Turns what a CGI program writes (headers, an empty line, the body) into a response, without holding the body. */
async function relay(output: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> {
  let head = Buffer.alloc(0);
  for await (const chunk of output) {
    if (response.destroyed) continue;
    if (response.headersSent) {
      if (!response.write(chunk)) await drained(response);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) continue;
    const fields = head
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
    const status = fields.find(([field]) => field.toLowerCase() === 'status')?.[1];
    response.writeHead(
      status ? Number.parseInt(status, 10) : 200,
      Object.fromEntries(fields.filter(([field]) => field.toLowerCase() !== 'status')),
    );
    response.write(head.subarray(end + 4));
  }
  response.end();
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
