import type { Word } from './commands.ts';
import type { CopiedFile } from './copies.ts';
import { ABSENT, type Installer, type InstallSite, present, type Reading, readsCode, tomlTable } from './installer.ts';

const has = (words: readonly Word[], ...names: readonly string[]): boolean =>
  words.some(({ text }) => names.includes(text));
const joined = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`);

/** Appends a flag to a command as written. */
const withFlag =
  (flag: string) =>
  (_words: readonly Word[], text: string): string =>
    `${text} ${flag}`;

/** `poetry install` and `poetry sync`. https://python-poetry.org/docs/cli/#install */
export const poetry: Installer = {
  ecosystem: 'python',
  read(words, site) {
    const verb = words.find((word, index) => index > 0 && !word.text.startsWith('-'))?.text;
    if (words[0]?.text !== 'poetry' || (verb !== 'install' && verb !== 'sync')) return undefined;
    if (words.some(({ text }) => /^(?:-C|-P|--directory|--project|--only-root)/.test(text)))
      return readsCode('it installs another folder');
    const [project, ...others] = present(site, site.cwd, ['pyproject.toml', 'poetry.lock', 'poetry.toml']);
    if (project?.target !== joined(site.cwd, 'pyproject.toml')) return ABSENT;
    const text = site.read(project) ?? '';
    if (localDependency(text)) return readsCode('pyproject.toml names a local path');
    const settings = others.map((file) => site.read(file) ?? '').join('\n');
    const fills =
      /^\s*in-project\s*=\s*true/m.test(settings) ||
      /^(?:true|1)$/i.test(site.expand('${POETRY_VIRTUALENVS_IN_PROJECT:-}'))
        ? '.venv'
        : undefined;
    const alone = has(words, '--no-root') || /^\s*package-mode\s*=\s*false/m.test(tomlTable(text, 'tool.poetry'));
    return install([project, ...others], alone ? undefined : withFlag('--no-root'), fills);
  },
};

/** `uv sync`. https://docs.astral.sh/uv/guides/integration/docker/#intermediate-layers */
export const uv: Installer = {
  ecosystem: 'python',
  read(words, site) {
    if (
      words[0]?.text !== 'uv' ||
      words.find((word, index) => index > 0 && !word.text.startsWith('-'))?.text !== 'sync'
    )
      return undefined;
    if (words.some(({ text }) => /^(?:--project|--directory|--package|--script|--only-group-project)/.test(text)))
      return readsCode('it installs another folder');
    const [project, ...others] = present(site, site.cwd, ['pyproject.toml', 'uv.lock', 'uv.toml', '.python-version']);
    if (project?.target !== joined(site.cwd, 'pyproject.toml')) return ABSENT;
    const text = site.read(project) ?? '';
    const members = uvMembers(text, project, site);
    if (localDependency(text)) return readsCode('pyproject.toml names a local path');
    const packaged = /^\s*\[build-system\]/m.test(text)
      ? !/^\s*package\s*=\s*false/m.test(tomlTable(text, 'tool.uv'))
      : /^\s*package\s*=\s*true/m.test(tomlTable(text, 'tool.uv'));
    const alone =
      has(words, '--no-install-workspace') ||
      (members.length === 0 && (!packaged || has(words, '--no-install-project')));
    const fills = site.expand('${UV_PROJECT_ENVIRONMENT:-}') === '' ? '.venv' : undefined;
    const flag = members.length > 0 ? '--no-install-workspace' : '--no-install-project';
    return install([project, ...others, ...members], alone ? undefined : withFlag(flag), fills);
  },
};

/** The pyproject.toml of every workspace member; a lock is only valid with all of them. */
function uvMembers(text: string, project: CopiedFile, site: InstallSite): readonly CopiedFile[] {
  const table = tomlTable(text, 'tool.uv.workspace');
  const patterns = [...(/^\s*members\s*=\s*\[([^\]]*)\]/m.exec(table)?.[1]?.matchAll(/["']([^"']+)["']/g) ?? [])].map(
    (match) => match[1] ?? '',
  );
  const globs = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .replace(/\/$/, '')
          .replace(/[.+^${}()|[\]\\]/g, '\\$&')
          .replace(/\*\*?/g, '[^/]*')}$`,
      ),
  );
  return site.below(site.cwd).filter((file) => {
    const relative = file.target.slice(site.cwd === '/' ? 1 : site.cwd.length + 1);
    return (
      file !== project &&
      relative.endsWith('/pyproject.toml') &&
      globs.some((glob) => glob.test(relative.slice(0, -'/pyproject.toml'.length)))
    );
  });
}

/** `pipenv install` and `pipenv sync`. https://pipenv.pypa.io/en/latest/commands.html */
export const pipenv: Installer = {
  ecosystem: 'python',
  read(words, site) {
    const [name, verb, ...rest] = words;
    if (name?.text !== 'pipenv' || !/^(?:install|sync)$/.test(verb?.text ?? '')) return undefined;
    if (has(rest, '-r', '--requirements', '-e', '--editable') || rest.some(({ text }) => !text.startsWith('-')))
      return undefined;
    const reads = present(site, site.cwd, ['Pipfile', 'Pipfile.lock']);
    const [pipfile] = reads;
    if (pipfile?.target !== joined(site.cwd, 'Pipfile')) return ABSENT;
    if (/^\s*[^#\n]*\{[^}\n]*\b(?:path|file)\s*=/m.test(site.read(pipfile) ?? ''))
      return readsCode('Pipfile names a local path');
    return install(
      reads,
      undefined,
      /^(?:1|true)$/i.test(site.expand('${PIPENV_VENV_IN_PROJECT:-}')) ? '.venv' : undefined,
    );
  },
};

/** `lib = { path = "../lib" }`, `lib @ file:///x`: but `workspace = true` is no path. */
const localDependency = (text: string): boolean =>
  /^\s*[^#\n]*\{[^}\n]*\bpath\s*=\s*["']/m.test(text) || /["'][\w.[\]-]+\s*@\s*file:/.test(text);

function install(
  reads: readonly CopiedFile[],
  first: ((words: readonly Word[], text: string) => string) | undefined,
  fills: string | undefined,
): Reading {
  return { kind: 'install', reads, ...(first ? { first } : {}), ...(fills === undefined ? {} : { fills }) };
}
