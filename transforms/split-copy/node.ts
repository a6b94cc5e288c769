import { readCompose, textOf, valueAt } from '../../src/parse/compose.ts';
import { joinContainer, within } from '../../src/repo/path.ts';
import type { Word } from './commands.ts';
import type { CopiedFile } from './copies.ts';
import { ABSENT, type Installer, type InstallSite, present, type Reading, readsCode } from './installer.ts';
import { type Json, list, objectOf } from './json.ts';

/** `npm ci`, `npm install`, `yarn`, `yarn install`, `pnpm install`. */
export const node: Installer = {
  ecosystem: 'node',
  read(words, site) {
    const command = nodeCommand(words);
    if (!command) return undefined;
    if (command.folder?.includes('$')) return readsCode('the folder is a variable');
    const folder = joinContainer(site.cwd, command.folder ?? '.');
    return readPackage(command.tool, folder, words, site);
  },
};

type Tool = 'npm' | 'yarn' | 'pnpm';

/** Tool and folder of a command that installs what package.json names; adding a package by name is none. */
function nodeCommand(words: readonly Word[]): { readonly tool: Tool; readonly folder: string | undefined } | undefined {
  const tool = words[0]?.text;
  if (tool !== 'npm' && tool !== 'yarn' && tool !== 'pnpm') return undefined;
  const rest: string[] = [];
  let folder: string | undefined;
  const texts = words.slice(1).map(({ text }) => text);
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] ?? '';
    const [, option, inline] = /^(--prefix|--cwd|--dir|-C)(?:=(.*))?$/.exec(text) ?? [];
    if (option !== undefined) {
      folder = inline ?? texts[index + 1];
      if (inline === undefined) index += 1;
    } else if (
      /^--(?:registry|cache|cache-folder|network-timeout|loglevel|modules-folder|omit|include|store-dir|fetch-retries|fetch-timeout|mutex)$/.test(
        text,
      )
    )
      index += 1;
    else if (/^(?:-g|--global)$/.test(text)) return undefined;
    else if (!text.startsWith('-')) rest.push(text);
  }
  const verb = rest[0];
  const installs =
    tool === 'npm'
      ? /^(?:ci|install|i|clean-install|install-clean)$/
      : tool === 'yarn'
        ? /^install$/
        : /^(?:install|i)$/;
  const bare =
    tool === 'yarn' && verb === undefined && !texts.some((text) => /^(?:-v|--version|-h|--help)$/.test(text));
  return bare || (rest.length === 1 && installs.test(verb ?? '')) ? { tool, folder } : undefined;
}

const LOCKS: Readonly<Record<Tool, readonly string[]>> = {
  npm: ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', '.npmrc'],
  yarn: ['package.json', 'yarn.lock', '.yarnrc', '.yarnrc.yml', '.npmrc'],
  pnpm: ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', '.pnpmfile.cjs'],
};

function readPackage(tool: Tool, folder: string, words: readonly Word[], site: InstallSite): Reading {
  const own = present(site, folder, LOCKS[tool]);
  const root = own[0];
  if (root?.target !== joinContainer(folder, 'package.json')) return ABSENT;
  if (
    words.some(({ text }) => text === 'ci') &&
    own.every(({ path }) => !/(?:package-lock|npm-shrinkwrap)\.json$/.test(path))
  )
    return ABSENT;
  const manifest = objectOf(site.read(root));
  if (!manifest) return readsCode('package.json cannot be read');
  const members = workspaces(tool, folder, manifest, site);
  const packages = [root, ...members].map((file) => ({ file, json: objectOf(site.read(file)) ?? {} }));
  const extra: CopiedFile[] = [];
  for (const { file, json } of packages) {
    const home = file.target.slice(0, -'/package.json'.length) || '/';
    const problem =
      localDependency(json, home, members) ??
      (words.some(({ text }) => text === '--ignore-scripts') ? undefined : lifecycle(json, home, site, extra));
    if (problem !== undefined) return readsCode(`${file.path}: ${problem}`);
  }
  const settings =
    tool === 'npm' ? [] : site.below(folder).filter(({ target }) => isToolFile(tool, within(folder, target) ?? ''));
  return { kind: 'install', reads: unique([...own, ...settings, ...members, ...extra]), fills: 'node_modules' };
}

const unique = (files: readonly CopiedFile[]): readonly CopiedFile[] => [
  ...new Map(files.map((file) => [file.target, file])).values(),
];

/** Releases, plugins and patches that yarn and pnpm load before they install. */
const isToolFile = (tool: Tool, path: string): boolean =>
  tool === 'yarn'
    ? /^\.yarn\/(?:releases|plugins|patches|sdks|versions|constraints)\//.test(path)
    : /^patches\/.*\.patch$/.test(path);

/** The package.json of every workspace. */
function workspaces(tool: Tool, folder: string, manifest: Json, site: InstallSite): readonly CopiedFile[] {
  const field = manifest['workspaces'];
  const listed =
    tool === 'pnpm'
      ? pnpmPackages(folder, site)
      : [
          ...list(field),
          ...list(typeof field === 'object' && field !== null && 'packages' in field ? field.packages : undefined),
        ];
  if (listed.length === 0) return [];
  const globs = listed.map((pattern) => ({ drop: pattern.startsWith('!'), test: globOf(pattern.replace(/^!/, '')) }));
  return site.below(folder).filter(({ target }) => {
    const relative = within(folder === '/' ? '' : folder, target)?.replace(/^\//, '') ?? '';
    if (!relative.endsWith('/package.json') || relative.includes('node_modules/')) return false;
    const home = relative.slice(0, -'/package.json'.length);
    return globs.reduce((kept, glob) => (glob.test.test(home) ? !glob.drop : kept), false);
  });
}

function pnpmPackages(folder: string, site: InstallSite): readonly string[] {
  const [file] = present(site, folder, ['pnpm-workspace.yaml']);
  const packages = file ? valueAt(readCompose(file.path, site.read(file) ?? '').root, 'packages') : undefined;
  return packages?.kind === 'seq' ? packages.items.flatMap((item) => textOf(item.value) ?? []) : [];
}

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/^\.\//, '')
      .replace(/\/$/, '')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*\*\/?/g, '\u0000')
      .replace(/\*/g, '[^/]*')
      .replaceAll('\u0000', '(?:.*)')}$`,
  );

/** `file:../lib`, `link:`, `portal:` that is not a workspace. */
function localDependency(json: Json, home: string, members: readonly CopiedFile[]): string | undefined {
  for (const field of [
    'dependencies',
    'devDependencies',
    'optionalDependencies',
    'peerDependencies',
    'overrides',
    'resolutions',
  ])
    for (const [name, value] of Object.entries(json[field] ?? {})) {
      const path =
        typeof value === 'string' ? /^(?:file:|link:|portal:|(?=\.{1,2}\/))(.*)$/.exec(value)?.[1] : undefined;
      if (path === undefined) continue;
      const target = joinContainer(joinContainer(home, path), 'package.json');
      if (!members.some((member) => member.target === target)) return `${name} is the local path ${path}`;
    }
  return undefined;
}

/** Scripts that `npm install` runs in the project itself. https://docs.npmjs.com/cli/using-npm/scripts#life-cycle-operation-order */
const LIFECYCLE = [
  'pnpm:devPreinstall',
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
];
const NEEDS_NOTHING =
  /^(?:husky(?: install)?(?: [\w./-]+)?|is-ci|lefthook install|simple-git-hooks|only-allow \w+|npx (?:-y )?(?:only-allow \w+|husky(?: install)?)|echo .*|exit 0|true|:|)$/;

function lifecycle(json: Json, home: string, site: InstallSite, extra: CopiedFile[]): string | undefined {
  const scripts = json['scripts'];
  const texts = typeof scripts === 'object' && scripts !== null ? Object.entries(scripts) : [];
  for (const [name, value] of texts) {
    if (!LIFECYCLE.includes(name) || typeof value !== 'string') continue;
    for (const part of value.split(/\s*(?:&&|\|\||;)\s*/)) {
      if (NEEDS_NOTHING.test(part.trim())) continue;
      if (/^(?:npx )?patch-package$/.test(part.trim())) extra.push(...site.below(joinContainer(home, 'patches')));
      else if (!/^(?:npx )?prisma generate$/.test(part.trim()) || !usesPrisma(json))
        return `its script "${name}" runs ${part.trim()}`;
    }
  }
  if (usesPrisma(json)) {
    if (json['prisma'] !== undefined) return 'it tells prisma where its schema is';
    extra.push(...site.below(joinContainer(home, 'prisma')).filter(({ target }) => target.endsWith('.prisma')));
  }
  const native = site.file(joinContainer(home, 'binding.gyp'));
  return native ? `${native.path} is compiled by the install` : undefined;
}

/** `@prisma/client` generates its code from the schema while it is installed. */
const usesPrisma = (json: Json): boolean =>
  ['dependencies', 'devDependencies'].some((field) => {
    const names = Object.keys(json[field] ?? {});
    return names.includes('@prisma/client') || names.includes('prisma');
  });
