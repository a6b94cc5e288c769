import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type AddressOptions, addressOf, forgeAddressOf } from '../../src/forge/address.ts';

const plain: AddressOptions = { kind: undefined, url: undefined, anyHost: true };
const read = (text: string, options: Partial<AddressOptions> = {}): string => {
  const { address, repository } = addressOf(text, { ...plain, ...options });
  return `${address.kind} ${address.url} ${repository}`;
};
function refused(text: string, options: Partial<AddressOptions> = {}): UserError {
  try {
    read(text, options);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}

describe('what people write for a repository of a forge that everybody knows', () => {
  test.each([
    ['acme/shop', 'github https://github.com acme/shop'],
    [' acme/shop/ ', 'github https://github.com acme/shop'],
    ['acme/shop.js', 'github https://github.com acme/shop.js'],
    ['acme/.github', 'github https://github.com acme/.github'],
    ['acme/shop.git', 'github https://github.com acme/shop'],
    ['github.com/acme/shop', 'github https://github.com acme/shop'],
    ['https://github.com/acme/shop', 'github https://github.com acme/shop'],
    ['https://GitHub.com/acme/shop.git', 'github https://github.com acme/shop'],
    ['https://www.github.com/acme/shop/', 'github https://github.com acme/shop'],
    ['https://github.com/acme/shop/pull/5/files#diff-1', 'github https://github.com acme/shop'],
    ['https://github.com/acme/shop/blob/main/Dockerfile?plain=1#L3', 'github https://github.com acme/shop'],
    ['git@github.com:acme/shop.git', 'github https://github.com acme/shop'],
    ['github.com:acme/shop', 'github https://github.com acme/shop'],
    ['ssh://git@ssh.github.com:443/acme/shop.git', 'github https://github.com acme/shop'],
    ['git+https://github.com/acme/shop.git', 'github https://github.com acme/shop'],
    ['git://github.com/acme/shop.git', 'github https://github.com acme/shop'],
    ['https://acme.ghe.com/team/shop', 'github https://acme.ghe.com team/shop'],
    ['https://gitlab.com/acme/web/shop/-/tree/main/src', 'gitlab https://gitlab.com acme/web/shop'],
    ['git@gitlab.com:acme/web/shop.git', 'gitlab https://gitlab.com acme/web/shop'],
    ['git@altssh.gitlab.com:acme/shop.git', 'gitlab https://gitlab.com acme/shop'],
    ['gitlab.com/acme/web/shop', 'gitlab https://gitlab.com acme/web/shop'],
    ['https://codeberg.org/acme/shop/src/branch/main/Dockerfile', 'gitea https://codeberg.org acme/shop'],
    ['https://gitea.com/acme/shop.git', 'gitea https://gitea.com acme/shop'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('the kind decides what a name without a host means', () => {
    expect(read('acme/web/shop', { kind: 'gitlab' })).toBe('gitlab https://gitlab.com acme/web/shop');
    expect(refused('acme/shop', { kind: 'gitea' }).hint).toMatch(/URL/);
  });
});

describe('forges of their own', () => {
  const gitlab = { kind: 'gitlab', url: 'https://git.example.org/gitlab/' } as const;

  test.each([
    ['acme/shop', gitlab, 'gitlab https://git.example.org/gitlab acme/shop'],
    ['my.group/web/shop', gitlab, 'gitlab https://git.example.org/gitlab my.group/web/shop'],
    ['https://git.example.org/gitlab/acme/web/shop', gitlab, 'gitlab https://git.example.org/gitlab acme/web/shop'],
    ['git.example.org/gitlab/acme/shop', gitlab, 'gitlab https://git.example.org/gitlab acme/shop'],
    ['git@git.example.org:acme/web/shop.git', gitlab, 'gitlab https://git.example.org/gitlab acme/web/shop'],
    ['ssh://git@git.example.org:2222/acme/shop.git', gitlab, 'gitlab https://git.example.org/gitlab acme/shop'],
    ['https://git.example.org/a/b.git', { kind: 'github' }, 'github https://git.example.org a/b'],
    ['git.example.org/a/b', { kind: 'gitea' }, 'gitea https://git.example.org a/b'],
    ['git.example.org/a/b/c', { kind: 'gitlab' }, 'gitlab https://git.example.org a/b/c'],
    ['git@git.example.org:a/b/c.git', { kind: 'gitlab' }, 'gitlab https://git.example.org a/b/c'],
    ['http://127.0.0.1:3000/a/b', { kind: 'github' }, 'github http://127.0.0.1:3000 a/b'],
    ['git.example.org:8443/a/b', { kind: 'gitea' }, 'gitea https://git.example.org:8443 a/b'],
    ['127.0.0.1:3000/a/b', { kind: 'gitea', url: 'http://127.0.0.1:3000' }, 'gitea http://127.0.0.1:3000 a/b'],
    ['https://git.example.org/forge/a/b.git', { kind: 'gitea' }, 'gitea https://git.example.org/forge a/b'],
    ['a/b', { kind: 'gitea', url: 'git.example.org/forge' }, 'gitea https://git.example.org/forge a/b'],
    ['https://codeberg.org/a/b', { url: 'https://git.example.org', kind: 'gitea' }, 'gitea https://codeberg.org a/b'],
  ] as const)('%s with %j', (text, options, expected) => {
    expect(read(text, options)).toBe(expected);
  });

  test('what kind an unknown host is must be said', () => {
    const error = refused('https://git.example.org/a/b');
    expect(error.message).toContain('https://git.example.org');
    expect(error.choices).toEqual(['github', 'gitlab', 'gitea']);
  });

  test('where nobody typed it, credentials go to no unknown host', () => {
    const listed = { kind: 'gitea', url: 'https://git.example.org', anyHost: false } as const;
    for (const text of ['https://evil.example/a/b', 'git@evil.example:a/b.git', 'evil.example/a/b'])
      expect(refused(text, listed).message).toMatch(/evil\.example is no forge that is known/);
    expect(read('https://git.example.org/a/b', listed)).toBe('gitea https://git.example.org a/b');
    expect(read('https://codeberg.org/a/b', listed)).toBe('gitea https://codeberg.org a/b');
  });

  test('credentials go to known hosts by HTTPS only', () => {
    expect(read('http://github.com/a/b')).toBe('github https://github.com a/b');
  });

  test('a known host is not of another kind', () => {
    expect(refused('https://github.com/a/b', { kind: 'gitlab' }).message).toMatch(/is GitHub, not GitLab/);
  });

  test('a forge alone has an address as well', () => {
    expect(forgeAddressOf(plain)).toEqual({ kind: 'github', url: 'https://github.com' });
    expect(forgeAddressOf({ ...plain, ...gitlab })).toEqual({ kind: 'gitlab', url: 'https://git.example.org/gitlab' });
    expect(() => forgeAddressOf({ ...plain, url: 'ftp://git.example.org' })).toThrow(UserError);
  });
});

describe('what names no repository', () => {
  test.each([
    '',
    'shop',
    './shop',
    '../acme/shop',
    'acme/..',
    '/srv/shop',
    '~/shop',
    'C:\\work\\shop',
    'a/b/c',
    'acme/shop#3',
    'acme/sh op',
    'https://github.com',
    'https://github.com/acme',
    'https://github.com/acme/../x',
    'https://github.com/acme/%2e%2e%2fx',
    'file:///srv/shop.git',
    'https://',
    'git@github.com:a/b/c.git',
  ])('%j', (text) => {
    expect(refused(text).hint).toMatch(/owner\/name/);
  });

  test.each(['https://someone:p%40ss-word@github.com/acme', 'https://someone:p@ss-word@github.com/x?token=ss-word'])(
    'a password in %s is not repeated',
    (text) => {
      const error = refused(text);
      expect(`${error.message} ${error.hint}`).not.toContain('ss-word');
    },
  );

  test('nor is it taken into the address', () => {
    expect(read('https://someone:secret@github.com/acme/shop.git')).toBe('github https://github.com acme/shop');
    expect(read('a/b', { url: 'https://someone:secret@git.example.org', kind: 'gitea' })).toBe(
      'gitea https://git.example.org a/b',
    );
  });
});
