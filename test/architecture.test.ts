import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Project, type SourceFile, SyntaxKind } from 'ts-morph';
import { describe, expect, test } from 'vitest';
import { transforms } from '../transforms/index.ts';

/** Which units each unit may import. The first row whose pattern matches a file is that file's unit. */
const UNITS: readonly {
  readonly files: RegExp;
  readonly imports: RegExp;
  readonly node?: true;
  readonly packages?: true;
}[] = [
  { files: /^src\/(finding|errors|lines|pattern|words)\.ts$/, imports: /^$/ },
  { files: /^src\/splice\.ts$/, imports: /^src\/finding\.ts$/ },
  {
    files: /^src\/repo\/(repo|path|delta|encoding)\.ts$/,
    imports: /^src\/(finding|lines|pattern|words|splice|repo\/(repo|path|delta|encoding))\.ts$/,
  },
  {
    files: /^src\/repo\//,
    imports: /^src\/((finding|errors|lines|pattern|words|splice)\.ts$|repo\/)/,
    node: true,
    packages: true,
  },
  { files: /^src\/parse\//, imports: /^src\/((finding|lines|pattern|splice)\.ts$|parse\/)/, packages: true },
  {
    files: /^src\/model\//,
    imports: /^src\/((finding|lines|pattern|words|splice)\.ts$|repo\/(repo|path|delta|encoding)\.ts$|(parse|model)\/)/,
  },
  { files: /^src\/transform\.ts$/, imports: /^src\/(finding\.ts$|model\/)/ },
  {
    files: /^src\/pipeline\//,
    imports:
      /^src\/((finding|transform|lines|pattern|words|splice)\.ts$|repo\/(repo|path|delta|encoding)\.ts$|(parse|model|pipeline|generated)\/)/,
  },
  {
    files: /^src\/verify\/(verdict|project|judge|log|build-log|words)\.ts$/,
    imports: /^src\/(pattern\.ts$|model\/secret(\.ts$|\/)|verify\/(verdict|log)\.ts$)/,
  },
  {
    files: /^src\/verify\//,
    imports: /^src\/(errors\.ts$|model\/(compose\/project\.ts$|secret\/)|(repo|verify)\/)/,
    node: true,
  },
  {
    files: /^src\/diagnose\//,
    imports:
      /^src\/((finding|lines|pattern|words)\.ts$|repo\/(repo|path)\.ts$|parse\/compose\.ts$|(model|diagnose)\/|pipeline\/run\.ts$)/,
  },
  {
    files: /^src\/output\/report\/html\//,
    imports:
      /^src\/(verify\/verdict|output\/(markup|place|report|verification|visible|report\/(headline|problems)|report\/html\/[^/]+))\.ts$/,
    packages: true,
  },
  { files: /^src\/forge\/credentials\.ts$/, imports: /^src\/(errors|forge\/forge)\.ts$/, node: true },
  { files: /^src\/forge\/(github-client|gitlab)\.ts$/, imports: /^src\/forge\//, packages: true },
  { files: /^src\/forge\/connect\.ts$/, imports: /^src\/(errors\.ts$|model\/secret\/mask\.ts$|forge\/)/ },
  { files: /^src\/forge\//, imports: /^src\/(errors\.ts$|forge\/)/ },
  {
    files: /^src\/output\//,
    imports:
      /^src\/((finding|transform|lines|pattern|words|splice)\.ts$|repo\/(repo|path|delta|encoding)\.ts$|(model|pipeline|output)\/|(verify\/verdict|diagnose\/types)\.ts$)/,
    packages: true,
  },
  { files: /^src\/selection\.ts$/, imports: /^src\/(errors|transform)\.ts$/, packages: true },
  {
    files: /^src\/finding-selection\.ts$/,
    imports: /^src\/(errors|finding|selection|transform|output\/(original-)?place|pipeline\/run)\.ts$/,
  },
  { files: /^src\/config\.ts$/, imports: /^src\/((errors|words|transform|repo\/repo)\.ts$|config\/)/ },
  { files: /^src\/config\//, imports: /^src\/((errors|lines|words|selection|parse\/compose)\.ts$|config\/)/ },
  {
    files: /^src\/repair\.ts$/,
    imports:
      /^(src\/((errors|finding|config|selection|assets|transform)\.ts$|repo\/(repo|ignore-rules)\.ts$|(model|parse|pipeline)\/)|transforms\/index\.ts$)/,
    node: true,
  },
  {
    files: /^src\/jobs\/(jobs|keys|retry|work|in-process)\.ts$/,
    imports: /^src\/(forge\/(forge|forge-error)|pull-request\/types|jobs\/(jobs|keys|retry))\.ts$/,
    node: true,
  },
  {
    files: /^src\/jobs\//,
    imports: /^src\/(errors|forge\/forge|jobs\/[\w-]+)\.ts$/,
    node: true,
    packages: true,
  },
  {
    files: /^src\/campaign\/journal\.ts$/,
    imports: /^src\/(errors|campaign\/target)\.ts$/,
    node: true,
  },
  {
    files: /^src\/campaign\//,
    imports:
      /^src\/((errors|lines|parse\/compose|forge\/forge|pull-request\/types)\.ts$|jobs\/(jobs|keys)\.ts$|output\/(markup|palette|visible)\.ts$|campaign\/)/,
  },
  {
    files: /^src\/pull-request\/(branch|commit|marks|limits|proposal|types)\.ts$/,
    imports:
      /^src\/(finding|transform|forge\/forge|output\/report|verify\/verdict|pull-request\/(branch|marks|limits|proposal|types))\.ts$/,
  },
  {
    files: /^src\/pull-request\//,
    imports:
      /^(src\/((digest|errors|finding|assets|repair|selection)\.ts$|model\/secret\/mask\.ts$|pipeline\/run\.ts$|forge\/forge(-error)?\.ts$|(repo|output|pull-request)\/)|transforms\/index\.ts$)/,
    node: true,
  },
  { files: /^src\/log\.ts$/, imports: /^src\/(jobs\/jobs|model\/secret\/mask)\.ts$/, packages: true },
  { files: /^src\/metrics\.ts$/, imports: /^$/, packages: true },
  { files: /^src\/bot\/signature\.ts$/, imports: /^$/, packages: true },
  {
    // What a delivery says, and what is answered: nothing here reads, sends or runs.
    files: /^src\/bot\/(payload|command|event|marks|relevance|answer|check-run|patience|reception|observed)\.ts$/,
    imports:
      /^src\/((config|errors|metrics|transform)\.ts$|forge\/forge\.ts$|jobs\/(jobs|keys)\.ts$|pull-request\/types\.ts$|model\/|output\/|repo\/(path|repo)\.ts$|bot\/(payload|command|delivery|event|relevance|seen|patience)\.ts$)/,
  },
  {
    files: /^src\/bot\/(server|body|delivery|seen)\.ts$/,
    imports: /^src\/(metrics\.ts$|jobs\/(jobs|redis-connection)\.ts$|bot\/)/,
    node: true,
  },
  {
    files: /^src\/bot\/bot\.ts$/,
    imports: /^src\/((errors|metrics)\.ts$|jobs\/|bot\/)/,
  },
  {
    files: /^src\/bot\//,
    imports:
      /^(src\/((assets|config|digest|errors|repair|selection|transform)\.ts$|forge\/forge\.ts$|jobs\/jobs\.ts$|repo\/(repo|ignore-rules)\.ts$|(output|pull-request|bot)\/)|transforms\/index\.ts$)/,
    node: true,
  },
  { files: /^src\/(assets|digest)\.ts$/, imports: /^$/, node: true },
  { files: /^src\/((bin|cli|index|remote)\.ts$|cli\/)/, imports: /./, node: true, packages: true },
  { files: /^transforms\/index\.ts$/, imports: /^(src\/transform\.ts|transforms\/[^/]+\/transform\.ts)$/ },
  {
    files: /^transforms\//,
    imports: /^src\/((transform|finding|lines|pattern|words|splice)\.ts$|repo\/path\.ts$|(model|parse)\/)/,
  },
];

const root = process.cwd();
const project = new Project({
  tsConfigFilePath: 'tsconfig.json',
  skipAddingFilesFromTsConfig: true,
  skipFileDependencyResolution: true,
});
project.addSourceFilesAtPaths(['src/**/*.ts', '!src/generated/**', 'transforms/**/*.ts']);
const files = project.getSourceFiles();

const pathOf = (file: SourceFile): string => file.getFilePath().slice(root.length + 1);

/** Module specifiers of a file: static, re-exported and dynamic. */
function specifiersOf(file: SourceFile): readonly string[] {
  const declared = [...file.getImportDeclarations(), ...file.getExportDeclarations()].flatMap(
    (d) => d.getModuleSpecifierValue() ?? [],
  );
  const calls = file.getDescendantsOfKind(SyntaxKind.CallExpression);
  const dynamic = calls
    .filter((call) => call.getExpression().getKind() === SyntaxKind.ImportKeyword)
    .map((call) => call.getArguments()[0]?.getText().slice(1, -1) ?? '');
  return [...declared, ...dynamic];
}

const isPackage = (specifier: string): boolean => !/^(\.|node:)/.test(specifier);
const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('imports', () => {
  test.each(files.map((file) => [pathOf(file), file] as const))('%s imports only what its unit may', (path, file) => {
    const unit = UNITS.find(({ files }) => files.test(path));
    if (!unit) throw new Error(`${path} belongs to no unit of DESIGN.md`);
    const ownFolder = /^transforms\/[^/]+\//.exec(path)?.[0];
    const wrong = specifiersOf(file).filter((specifier) => {
      if (specifier.startsWith('node:')) return !unit.node;
      if (isPackage(specifier)) return !unit.packages;
      const target = join(dirname(path), specifier);
      return !unit.imports.test(target) && !(ownFolder && target.startsWith(ownFolder));
    });
    expect(wrong).toEqual([]);
  });

  test('each package is imported in exactly one file', () => {
    const users = new Map<string, string[]>();
    for (const file of files)
      for (const name of new Set(specifiersOf(file).filter(isPackage).map(packageName)))
        users.set(name, [...(users.get(name) ?? []), pathOf(file)]);
    expect([...users].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });
});

test('no file of src/ and transforms/ is over 400 lines', () => {
  const long = files
    .map((file) => [pathOf(file), file.getFullText().split('\n').length - 1] as const)
    .filter(([, lines]) => lines > 400);
  expect(long).toEqual([]);
});

test('no any', () => {
  const uses = files.flatMap((file) =>
    file.getDescendantsOfKind(SyntaxKind.AnyKeyword).map((node) => `${pathOf(file)}:${node.getStartLineNumber()}`),
  );
  expect(uses).toEqual([]);
});

test('no test is skipped or left to do', () => {
  const tests = project.addSourceFilesAtPaths('test/**/*.ts');
  const skipped = tests.flatMap((file) =>
    file
      .getDescendantsOfKind(SyntaxKind.PropertyAccessExpression)
      .filter((access) => /^(test|it|describe)\.(skip|only|todo|fails)\b/.test(access.getText()))
      .map((access) => `${pathOf(file)}:${access.getStartLineNumber()}`),
  );
  expect(skipped).toEqual([]);
});

const folders = readdirSync('transforms', { withFileTypes: true }).filter((entry) => entry.isDirectory());

test('transforms/index.ts lists every transform folder once', () => {
  expect(transforms.map(({ id }) => id).sort()).toEqual(folders.map(({ name }) => name).sort());
});

describe.each(folders.map(({ name }) => name))('transforms/%s', (id) => {
  const folder = join('transforms', id);
  const fixtures = join('fixtures', 'transforms', id);

  test('is named like its id', () => {
    expect(readFileSync(join(folder, 'transform.ts'), 'utf8')).toContain(`id: '${basename(folder)}'`);
  });

  test('has a README with the agreed sections', () => {
    const headings = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^## (.+)$/gm)].map(
      (match) => match[1],
    );
    expect(headings).toEqual(expect.arrayContaining(['What breaks', 'What it does', 'When it leaves the code alone']));
  });

  test('has the fixture basic, and at least as many untouched cases as repaired ones', () => {
    const cases = existsSync(fixtures) ? readdirSync(fixtures) : [];
    const repaired = cases.filter((name) => existsSync(join(fixtures, name, 'after')));
    expect(repaired).toContain('basic');
    expect(cases.length - repaired.length).toBeGreaterThanOrEqual(repaired.length);
  });
});
