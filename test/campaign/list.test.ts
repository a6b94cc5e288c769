import { expect, test } from 'vitest';
import { readList } from '../../src/campaign/list.ts';

const names = (path: string, text: string): readonly string[] =>
  readList(path, text).map(({ repository, base }) => (base === undefined ? repository : `${repository} ${base}`));

test.each([
  ['repos.txt', '# all of them\nacme/shop\r\n\r\n  acme/blog  # the old one\nhttps://git.example.org/acme/c#d.git\n'],
  ['repos.yaml', '---\n# all\n- acme/shop\n- acme/blog\n- https://git.example.org/acme/c#d.git\n'],
  ['repos.yml', '# all\n- acme/shop\n- acme/blog\n- https://git.example.org/acme/c#d.git\n'],
  [
    'repos.json',
    '{"repositories": ["acme/shop", {"repository": "acme/blog"}, "https://git.example.org/acme/c#d.git"]}',
  ],
])('reads %s', (path, text) => {
  expect(names(path, text)).toEqual(['acme/shop', 'acme/blog', 'https://git.example.org/acme/c#d.git']);
});

test('reads branches', () => {
  expect(names('a.yaml', 'repositories:\n  - acme/shop\n  - { repository: acme/blog, base: next }\n')).toEqual([
    'acme/shop',
    'acme/blog next',
  ]);
});

test.each([
  ['repos.txt', '# nothing\n\n', /names no repository/],
  ['repos.txt', 'acme/shop\nthe shop of acme\n', /repos\.txt:2: "the shop of acme" is no repository/],
  ['repos.yml', '- acme/shop\n- 7\n', /repos\.yml:2: this is no repository/],
  ['repos.json', '[\n  "acme/shop",\n  7\n]\n', /repos\.json:3: this is no repository/],
  ['repos.yml', 'shop: acme\n', /holds no list/],
  ['repos.yml', '- [acme/shop\n', /repos\.yml:/],
  ['repos.json', '[]', /names no repository/],
])('says what is wrong in %s (%j)', (path, text, message) => {
  expect(() => readList(path, text)).toThrow(message);
});
