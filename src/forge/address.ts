import { UserError } from '../errors.ts';
import type { ForgeAddress, ForgeKind } from './forge.ts';

/** What is known of the forge besides the text that names a repository. */
export interface AddressOptions {
  /** The kind that was asked for. */
  readonly kind: ForgeKind | undefined;
  /** The root of the web pages of the forge that was asked for, which may be in a folder: `https://git.example.org/gitlab`. */
  readonly url: string | undefined;
  /** Whether a host may be meant that is neither known nor that of `url`. Credentials are sent to it: only where a person typed it. */
  readonly anyHost: boolean;
}

/** A repository and where it is. */
export interface RepositoryAddress {
  readonly address: ForgeAddress;
  /** `owner/name`; groups of GitLab may nest. */
  readonly repository: string;
}

const KNOWN_HOSTS: Readonly<Record<string, ForgeKind>> = {
  'github.com': 'github',
  'gitlab.com': 'gitlab',
  'codeberg.org': 'gitea',
  'gitea.com': 'gitea',
};

/** Hosts that answer for another one: SSH on the port of HTTPS, and the old name of the web pages. */
const ALIASES: Readonly<Record<string, string>> = {
  'www.github.com': 'github.com',
  'ssh.github.com': 'github.com',
  'www.gitlab.com': 'gitlab.com',
  'altssh.gitlab.com': 'gitlab.com',
};

const NAMES: Readonly<Record<ForgeKind, string>> = { github: 'GitHub', gitlab: 'GitLab', gitea: 'Gitea' };

/** Where the text says that the repository is: a host with the rest of the URL, or only the repository. */
interface Written {
  /** `https://git.example.org:8443`, without a path. Undefined for `owner/name`. */
  readonly origin: string | undefined;
  readonly segments: readonly string[];
  /** Whether the whole path is the repository: a URL that git clones, not a page. */
  readonly isClone: boolean;
}

/**
 * Reads what people type or paste for a repository: `owner/name`, a URL that git clones (`https://`, `ssh://`,
 * `git@host:group/name.git`), or a page of it. A `UserError` when that is none, or when the kind of the forge is not known.
 * Credentials in a URL are left out, also of messages.
 */
export function addressOf(text: string, options: AddressOptions): RepositoryAddress {
  const root = options.url === undefined ? undefined : rootOf(options.url);
  const written = read(text.trim(), root, options);
  const address = forgeOf(written, root, options);
  const isOfRoot = written.origin === undefined || address.url === root;
  const path = written.origin === undefined ? written.segments : withoutFolder(written.segments, address.url);
  const found = repositoryIn(path, address.kind, written.isClone, !isOfRoot);
  if (!found) throw notARepository(text);
  const { folder, repository } = found;
  return { address: folder === '' ? address : { ...address, url: `${address.url}/${folder}` }, repository };
}

/** The forge at the root of its web pages, for what is about no single repository. A `UserError` when its kind is not known. */
export function forgeAddressOf(options: AddressOptions): ForgeAddress {
  const root = options.url === undefined ? undefined : rootOf(options.url);
  return forgeOf({ origin: undefined, segments: [], isClone: false }, root, options);
}

/** The root of a forge's web pages as given by a person, without credentials and a slash at its end. */
function rootOf(text: string): string {
  const url = parsedUrl(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UserError(
      `${shown(text)} is no address of a forge.`,
      'Give the root of its web pages: https://git.example.org',
    );
  return `${url.protocol}//${canonical(url)}${url.pathname.replace(/\/+$/, '')}`;
}

function parsedUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const canonical = ({ host }: URL): string => ALIASES[host] ?? host;

function read(text: string, root: string | undefined, { kind }: AddressOptions): Written {
  if (/^[/~.]|\\/.test(text)) throw notARepository(text);
  const scheme = /^(?:git\+)?(https?|ssh|git):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme) {
    const url = parsedUrl(text.replace(/^git\+/i, ''));
    if (!url || url.hostname === '') throw notARepository(text);
    const isWeb = scheme === 'http' || scheme === 'https';
    // The port of SSH says nothing about that of the web pages.
    const origin = isWeb ? `${scheme}://${canonical(url)}` : originOf(ALIASES[url.hostname] ?? url.hostname, root);
    return { origin, ...segmentsOf(url.pathname, !isWeb) };
  }
  const ssh = /^(?:[^@/\s:]+@)?([\w.-]{2,}|\[[\da-f:]+\]):(?!\/\/)(.+)$/i.exec(text);
  if (ssh) {
    const [, host = '', path = ''] = ssh;
    // `git.example.org:8443/owner/name` is a host with its port; SSH without a user and to a group of digits is not meant.
    const port = text.includes('@') ? undefined : /^(\d+)\/(.+\/.+)$/.exec(path);
    if (port) {
      const origin =
        root !== undefined && new URL(root).host === `${host}:${port[1]}` ? new URL(root).origin : undefined;
      return { origin: origin ?? `https://${host}:${port[1]}`, ...segmentsOf(port[2] ?? '', false) };
    }
    return { origin: originOf(ALIASES[host.toLowerCase()] ?? host.toLowerCase(), root), ...segmentsOf(path, true) };
  }
  const first = text.split('/')[0] ?? '';
  if (isHost(first, text, root, kind)) {
    const host = ALIASES[first.toLowerCase()] ?? first.toLowerCase();
    return { origin: originOf(host, root), ...segmentsOf(text.slice(first.length), false) };
  }
  return { origin: undefined, ...segmentsOf(text, true) };
}

/** The web origin of a host: that of the given root when it is the same host, which knows the port and the scheme. */
function originOf(host: string, root: string | undefined): string {
  const url = root === undefined ? undefined : new URL(root);
  return url && url.hostname === host ? url.origin : `https://${host}`;
}

/** Whether the first part of a path without a scheme is a host: owners of GitHub have no dots, groups of GitLab may. */
function isHost(first: string, text: string, root: string | undefined, kind: ForgeKind | undefined): boolean {
  const host = first.toLowerCase();
  if (KNOWN_HOSTS[host] || ALIASES[host]) return true;
  if (root !== undefined && new URL(root).host === host) return true;
  // Groups of GitLab nest and may have dots: with a forge given, the path is one of its own.
  const isGroup = kind === 'gitlab' && root !== undefined;
  return first.includes('.') && !/^\.+$/.test(first) && text.split('/').length > 2 && !isGroup;
}

function segmentsOf(path: string, isClone: boolean): Pick<Written, 'segments' | 'isClone'> {
  const segments = path.split('/').filter((segment) => segment !== '');
  const last = segments.at(-1);
  if (!last?.endsWith('.git') || last === '.git') return { segments, isClone };
  return { segments: [...segments.slice(0, -1), last.slice(0, -'.git'.length)], isClone: true };
}

function forgeOf({ origin }: Written, root: string | undefined, options: AddressOptions): ForgeAddress {
  const { kind, anyHost } = options;
  if (origin === undefined && root === undefined) {
    if (kind === 'gitea')
      throw new UserError(
        'There is no one Gitea that everybody means.',
        'Give the URL of the repository, or of the forge.',
      );
    return kind === 'gitlab' ? { kind, url: 'https://gitlab.com' } : { kind: 'github', url: 'https://github.com' };
  }
  const isRoot = root !== undefined && (origin === undefined || new URL(root).origin === origin);
  const written = isRoot ? root : (origin ?? '');
  const known = knownKind(new URL(written).hostname);
  // Their pages redirect to HTTPS; a token would be on its way in plain text before.
  const url = known ? written.replace(/^http:/, 'https:') : written;
  if (known && kind && known !== kind)
    throw new UserError(`${url} is ${NAMES[known]}, not ${NAMES[kind]}.`, 'Leave the kind of the forge out.');
  if (!known && !isRoot && !anyHost)
    throw new UserError(
      `${url} is no forge that is known, and credentials are sent to no other.`,
      'Name it with --forge-url, and what runs there with --forge.',
    );
  const found = known ?? kind;
  if (found) return { kind: found, url };
  throw new UserError(`It is not known what kind of forge ${url} is.`, 'Say with --forge what runs there.', [
    'github',
    'gitlab',
    'gitea',
  ]);
}

/** Organisations with data residency have a host of their own below ghe.com. */
const knownKind = (host: string): ForgeKind | undefined =>
  KNOWN_HOSTS[host] ?? (host.endsWith('.ghe.com') ? 'github' : undefined);

/** The path of a URL below the folder of the forge; URLs of SSH do not have it. */
function withoutFolder(segments: readonly string[], root: string): readonly string[] {
  const folder = new URL(root).pathname.split('/').filter((segment) => segment !== '');
  return folder.every((segment, index) => segments[index] === segment) ? segments.slice(folder.length) : segments;
}

/**
 * The repository that a path names, alone (`isClone`) or with a page of it behind. What a clone URL of a Gitea has before owner and
 * name is the folder that the Gitea is in, where nothing else says so (`mayHaveFolder`).
 */
function repositoryIn(
  path: readonly string[],
  kind: ForgeKind,
  isClone: boolean,
  mayHaveFolder: boolean,
): { readonly folder: string; readonly repository: string } | undefined {
  const page = path.indexOf('-');
  const isNested = kind === 'gitlab';
  const whole = isNested ? path.slice(0, page < 0 ? path.length : page) : isClone ? path : path.slice(0, 2);
  const isPath = whole.every((segment) => /^[\w.-]+$/.test(segment) && segment !== '.' && segment !== '..');
  if (!isPath || whole.length < 2) return undefined;
  if (isNested || whole.length === 2) return { folder: '', repository: whole.join('/') };
  if (kind !== 'gitea' || !mayHaveFolder) return undefined;
  return { folder: whole.slice(0, -2).join('/'), repository: whole.slice(-2).join('/') };
}

/** A text in a message: a URL may have a password, in front or in its query. */
const shown = (text: string): string =>
  JSON.stringify(text.replace(/^([a-z+]+:\/\/)?[^/\s]*@/i, '$1').replace(/[?#].*$/s, ''));

const notARepository = (text: string): UserError =>
  new UserError(
    text === '' ? 'No repository is named.' : `${shown(text)} names no repository of a forge.`,
    'Give owner/name, or the URL that git clones: https://github.com/owner/name.git',
  );
