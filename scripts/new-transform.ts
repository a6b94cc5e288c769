/** Makes the folders of a new transform: `npm run new-transform -- <id>`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [id = ''] = process.argv.slice(2);
if (!/^[a-z]+(-[a-z]+)+$/.test(id))
  fail(`"${id}" is not an id`, 'Say it as verb-object, for example: npm run new-transform -- pin-base-image');
const folder = join('transforms', id);
if (existsSync(folder)) fail(`${folder} exists already`, 'Choose another id.');

const title = `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;
const name = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const fixtures = join('fixtures', 'transforms', id);

create(
  join(folder, 'transform.ts'),
  `import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';

/** ${title}: see README.md beside this file. */
export default defineTransform({
  id: '${id}',
  group: 'repair',
  summary: '${title}',
  find,
});

function* find(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    void service;
  }
}
`,
);
create(
  join(folder, 'README.md'),
  `# ${id}

${title}.

## What breaks

Which stacks, and the error message that people see.

## What it does

## When it leaves the code alone

## Example

<!-- example -->
<!-- /example -->
`,
);
for (const name of ['basic/before', 'basic/after', 'untouched/before'])
  create(join(fixtures, name, 'docker-compose.yml'), 'services:\n  web:\n    image: example\n');

const index = join('transforms', 'index.ts');
const text = readFileSync(index, 'utf8');
const imported = text.replace(/(?=\n\/\*\*)/, `import ${name} from './${id}/transform.ts';\n`);
const listed = imported.replace(/(= \[)([^\]]*)\]/, (_, open: string, items: string) => {
  const others = items
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  return `${open}${[...others, name].join(', ')}]`;
});
writeFileSync(index, listed);

process.stdout.write(`Made ${folder} and ${fixtures}, and added ${name} to the end of ${index}.
Next: write fixtures/transforms/${id}/basic (what is broken, what it becomes), then find() until npm test passes, then npm run docs and npm run format.
`);

function create(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function fail(message: string, hint: string): never {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(2);
}
