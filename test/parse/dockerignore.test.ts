import { describe, expect, it } from 'vitest';
import { readDockerignore } from '../../src/parse/dockerignore.ts';

describe('readDockerignore', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    [
      "a name is the root's only",
      'node_modules',
      ['node_modules', 'node_modules/a/b'],
      ['src/node_modules', 'node_modules2'],
    ],
    ['everywhere', '**/node_modules', ['node_modules', 'a/b/node_modules/c'], ['a/xnode_modules']],
    ['slashes at the ends', '/a/\nb/', ['a', 'a/x', 'b/x'], ['c/a', 'c/b']],
    ['a star stays in its directory', '*.md', ['README.md'], ['docs/README.md']],
    ['two stars do not', '**/*.md', ['README.md', 'docs/a/README.md'], ['README.mdx']],
    ['two stars at the end', 'a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['two stars inside', 'a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/y'], ['az']],
    ['only two stars', '**', ['a', 'a/b'], []],
    [
      'a question mark, a class, an escape',
      '?.x\n[a-c]1\n[^a]2\n\\*',
      ['q.x', 'b1', 'z2', '*'],
      ['qq.x', 'd1', 'a2', 'a'],
    ],
    ['a parent', 'a/b', ['a/b', 'a/b/c/d'], ['a', 'a/bc']],
    ['dots and double slashes', './a//b/../c', ['a/c'], ['a/b']],
    ['exceptions', '*\n!src\n!a.txt', ['b.txt', 'lib/x'], ['src', 'src/x/y', 'a.txt']],
    ['an exception inside an ignored directory', 'a\n!a/keep/b', ['a/x', 'a/keep/c'], ['a/keep/b', 'a/keep/b/c']],
    [
      'the last match wins',
      '*.md\n!README*.md\nREADME-secret.md',
      ['a.md', 'README-secret.md'],
      ['README.md', 'README-1.md'],
    ],
    ['an exception that stands first does nothing', '!a\n*', ['a', 'b'], []],
    ["a directory's exception counts only where it was ignored", 'x/y\n!x', ['x/y', 'x/y/z'], ['x', 'x/q']],
    ['comments at column 0 only', '#a\n #b\n', ['#b'], ['#a', 'a']],
    ['whitespace, CRLF and a byte order mark', '\ufeff  a \r\n\r\n! b\r\nc d\r\n', ['a', 'c d'], ['b', 'c']],
    ['dots are no wildcards', '**/.git', ['.git', 'a/.git/config'], ['xgit', '.gitignore']],
    ['regexp characters', 'a+b\n{c}\n(d)*\n$e', ['a+b', '{c}', '(d)x', '$e'], ['aab', 'c', 'd']],
    ['accents and emoji', 'été\n?.png', ['été/a', '😀.png'], ['ete', '😀😀.png']],
    ['malformed patterns', 'a\\\n[\n!\n[z-a]', [], ['a', '[', 'z']],
    ['nothing', '', [], ['a']],
  ])('%s', (_, text, ignored, kept) => {
    const { ignores } = readDockerignore('.dockerignore', text);
    expect(ignored.filter((path) => !ignores(path))).toEqual([]);
    expect(kept.filter((path) => ignores(path))).toEqual([]);
  });
});
