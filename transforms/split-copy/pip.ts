import { isLocalRequirement, readRequirements } from '../../src/parse/requirements.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { folderOf, joinContainer, nameOf } from '../../src/repo/path.ts';
import type { Word } from './commands.ts';
import type { CopiedFile } from './copies.ts';
import { ABSENT, type Installer, type InstallSite, present, type Reading, readsCode } from './installer.ts';

/** `pip install`, `uv pip install` and `uv pip sync`. */
export const pip: Installer = {
  ecosystem: 'python',
  read(words, site) {
    const verb = verbAt(words);
    return verb === undefined ? undefined : readInstall(words.slice(verb + 1), words[verb]?.text === 'sync', site);
  },
};

function verbAt(words: readonly Word[]): number | undefined {
  const names = words.map(({ text }) => text);
  const tool = names[0] === 'pip' ? 1 : names[0] === 'uv' && names[1] === 'pip' ? 2 : undefined;
  if (tool === undefined) return undefined;
  const verb = names.findIndex((name, index) => index >= tool && !name.startsWith('-'));
  return names[verb] === 'install' || (tool === 2 && names[verb] === 'sync') ? verb : undefined;
}

/** Options that take a value in the next word. https://pip.pypa.io/en/stable/cli/pip_install/ */
const VALUED =
  /^(?:-i|--index-url|--extra-index-url|--index|--default-index|--trusted-host|-t|--target|--prefix|--root|--platform|--python-version|--python|-p|--implementation|--abi|--src|--cache-dir|--progress-bar|--timeout|--retries|--proxy|--cert|--client-cert|--log|--report|-C|--config-settings|--upgrade-strategy|--no-binary|--only-binary|--index-strategy|--exists-action|--use-feature|--use-deprecated|--root-user-action|--extra|--group|--keyring-provider|--resolution|--prerelease|--link-mode)$/;

interface Arguments {
  readonly files: Word[];
  readonly local: Word[];
}

function argumentsOf(words: readonly Word[], sync: boolean): Arguments {
  const found: Arguments = { files: [], local: [] };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Word;
    const [, option = '', inline] = /^(-[rcef]|--[a-z-]+)=?(.*)$/s.exec(word.text) ?? [];
    const value = (): Word | undefined => {
      if (inline !== undefined && inline !== '') return { ...word, text: inline };
      index += 1;
      return words[index];
    };
    if (/^(?:-r|-c|--requirements?|--constraints?)$/.test(option))
      found.files.push(...[value()].filter((each) => each !== undefined));
    else if (/^(?:-e|--editable|-f|--find-links)$/.test(option)) {
      const target = value();
      if (target && !/^(?:[\w+.-]+:\/\/|git@)/.test(target.text)) found.local.push(target);
    } else if (VALUED.test(word.text)) index += 1;
    else if (word.text.startsWith('-')) continue;
    // `$EXTRA` without a value here: another build may name a file in it.
    else if (word.text === '' && word.source.includes('$')) found.files.push({ ...word, literal: false });
    else if (sync) found.files.push(word);
    else if (isLocalRequirement(word.text)) found.local.push(word);
  }
  return found;
}

function readInstall(words: readonly Word[], sync: boolean, site: InstallSite): Reading | undefined {
  const { files, local } = argumentsOf(words, sync);
  if (files.length === 0 && local.length === 0) return undefined;
  const reads: CopiedFile[] = [];
  for (const word of files) {
    if (/^https?:/.test(word.text)) continue;
    if (!word.literal) return readsCode(`it takes the requirements files from ${word.text}`);
    for (const target of [joinContainer(site.cwd, word.text), ...variantsOf(word, site)]) {
      const problem = follow(target, site, reads);
      if (problem) return problem;
    }
  }
  for (const variable of ['PIP_CONSTRAINT', 'UV_CONSTRAINT']) {
    const path = site.expand(`\${${variable}:-}`);
    const problem = path === '' ? undefined : follow(joinContainer(site.cwd, path), site, reads);
    if (problem?.kind === 'reads code') return problem;
  }
  if (local.length === 0) return reads.length === 0 ? undefined : { kind: 'install', reads };
  return readProject(local, reads, site);
}

/** `requirements/$ENVIRONMENT.txt`: the files that another build argument would choose, which have to be there too. */
function variantsOf(word: Word, site: InstallSite): readonly string[] {
  const target = joinContainer(site.cwd, word.text);
  const name = (word.source.split('/').at(-1) ?? '').replace(/^["']|["']$/g, '');
  const fixed = name.split(/\$(?:\w+|\{[^}]*\})/);
  if (fixed.length < 2) return [];
  const pattern = new RegExp(`^${fixed.map((text) => escapeRegExp(text)).join('[^/]+')}$`);
  const folder = folderOf(target) || '/';
  return site
    .below(folder)
    .map((file) => file.target)
    .filter((each) => (folderOf(each) || '/') === folder && pattern.test(nameOf(each)) && each !== target)
    .sort();
}

/** Adds a requirements file and what it includes; answers why that is not enough. */
function follow(target: string, site: InstallSite, reads: CopiedFile[]): Reading | undefined {
  const file = site.file(target);
  if (!file) return ABSENT;
  if (reads.some((known) => known.target === target)) return undefined;
  reads.push(file);
  for (const entry of readRequirements(file.path, site.read(file) ?? '')) {
    if (entry.kind === 'local') return readsCode(`${file.path} names the local path ${entry.text}`);
    if (entry.kind !== 'requirements' && entry.kind !== 'constraints') continue;
    const problem = follow(joinContainer(folderOf(target) || '/', entry.text), site, reads);
    if (problem) return problem;
  }
  return undefined;
}

/** `pip install .`: its dependencies can be told apart when the project takes them from a requirements file. */
function readProject(local: readonly Word[], reads: readonly CopiedFile[], site: InstallSite): Reading | undefined {
  const [word, ...others] = local;
  if (!word || others.length > 0 || !word.literal) return readsCode('it installs local packages');
  const folder = joinContainer(site.cwd, word.text.replace(/\[.*$/, ''));
  const [build] = present(site, folder, ['pyproject.toml', 'setup.py', 'setup.cfg']);
  if (!build) return site.below(folder).length === 0 ? undefined : readsCode(`it installs the local path ${word.text}`);
  if (folder !== site.cwd) return readsCode(`it installs the local path ${word.text}`);
  const source = present(site, folder, ['pyproject.toml', 'setup.py', 'setup.cfg'])
    .map((file) => site.read(file) ?? '')
    .join('\n');
  const named = reads[0]
    ? []
    : requirementsNamedIn(source).flatMap((name) => site.file(joinContainer(folder, name)) ?? []);
  if (reads.length === 0 && named.length === 0) {
    if (!/^\s*dependencies\s*=\s*\[\s*[^\s\]]|install_requires|requires-dist/m.test(source))
      return readsCode('the project has no dependencies');
    const advice =
      'pip cannot install the dependencies of a project without its source. Write them to a file (`pip-compile pyproject.toml -o requirements.txt` ' +
      'or `uv export --no-emit-project -o requirements.txt`), copy that file first, run `pip install -r requirements.txt`, then copy the code and run `pip install --no-deps .`';
    return { kind: 'project', at: build, advice };
  }
  const all = [...reads];
  for (const file of named) {
    const problem = follow(file.target, site, all);
    if (problem) return problem;
  }
  const names = named.map((file) => file.target.slice(folder === '/' ? 1 : folder.length + 1));
  return { kind: 'install', reads: all, first: (words) => withoutLocal(words, word, names) };
}

/** Files that `setup.py` opens or that `[tool.setuptools.dynamic]` names as the dependencies. */
function requirementsNamedIn(source: string): readonly string[] {
  const dynamic = /^\s*dependencies\s*=\s*\{\s*file\s*=\s*(\[[^\]]*\]|["'][^"']+["'])/m.exec(source)?.[1];
  const names =
    dynamic ??
    (/install_requires/.test(source)
      ? (/["'](?:\.\/)?((?:[\w-]+\/)*requirements[\w.-]*\.txt)["']/.exec(source)?.[0] ?? '')
      : '');
  return [...names.matchAll(/["'](?:\.\/)?([^"']+)["']/g)].map((match) => match[1] ?? '');
}

/** The same command with `-r file` in the project's place. */
function withoutLocal(words: readonly Word[], local: Word, names: readonly string[]): string {
  const kept = words.filter((word, index) => {
    if (word.source === local.source) return false;
    return !(/^(?:-e|--editable)$/.test(word.text) && words[index + 1]?.source === local.source);
  });
  return [...kept.map(({ source }) => source), ...names.map((name) => `-r ${name}`)].join(' ');
}
