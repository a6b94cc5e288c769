import { joinContainer, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import { DEFAULT_PATH, type Image } from '../image.ts';
import type { Contents } from './installations.ts';
import type { ImageLayer } from './layer.ts';
import { distributionName } from './manifest-packages.ts';
import { pythonOfBase } from './python-base.ts';
import type { RunCommand } from './run-commands.ts';
import type { Effect, RunScene } from './run-effects.ts';
import { homeOf, isRoot } from './user-home.ts';

type Install = Extract<Effect, { kind: 'install' }>;

/** What a package manager's command installs, and where; `undefined` when the command is none. */
export function install(scene: RunScene, layer: ImageLayer, command: RunCommand): readonly Effect[] | undefined {
  const words = command.words.map((word) => word ?? '');
  const verb = words.slice(1).find((word) => word !== '' && !word.startsWith('-')) ?? '';
  const make = (
    type: Install['type'],
    root: string | undefined,
    tool: string,
    contents: Contents | undefined,
  ): readonly Effect[] => {
    const place = root ?? 'a cache folder';
    const says =
      type === 'node_modules'
        ? `${tool} installs into ${place} here`
        : contents
          ? `${tool} installs into ${type === 'venv' ? 'the virtual environment ' : ''}${place} here`
          : `the virtual environment ${place} is made here`;
    const { conditional } = command;
    return [{ kind: 'install', type, root, tool, says, at: layer.instruction.at, contents, conditional }];
  };
  const at = (path: string): string | undefined =>
    path.startsWith('/') || command.cwd !== undefined ? joinContainer(command.cwd ?? '/', path) : undefined;
  const project = (): Contents => projectContents(scene, layer, command, words);
  const intoVenv = (root: string | undefined, tool: string): readonly Effect[] => make('venv', root, tool, project());
  const active = command.activated ?? (command.variable('VIRTUAL_ENV') || undefined);
  switch (words[0]) {
    case 'python':
      if (words[1] !== '-m' || !/^(?:venv|virtualenv)$/.test(words[2] ?? '')) return undefined;
      return venvs(words.slice(3)).flatMap((path) => make('venv', at(path), `python -m ${words[2]}`, undefined));
    case 'virtualenv':
      return venvs(words.slice(1)).flatMap((path) => make('venv', at(path), 'virtualenv', undefined));
    case 'pip': {
      if (verb !== 'install') return [];
      const { root, isVenv } = pipTarget(scene, layer, command, words, at);
      return make(isVenv ? 'venv' : 'packages', root, 'pip', pipContents(scene, layer, command, words));
    }
    case 'poetry':
      if (!/^(?:install|sync|add)$/.test(verb)) return [];
      if (active !== undefined) return intoVenv(active, 'poetry');
      if (setting(scene, 'poetry', 'create') === 'no')
        return make('packages', pythonOfBase(scene.image.base)?.prefix, 'poetry', project());
      return intoVenv(
        setting(scene, 'poetry', 'in-project') === 'yes'
          ? at(folderOption(words, ['-C', '--directory', '-P', '--project'], '.venv'))
          : undefined,
        'poetry',
      );
    case 'uv':
      return uv(scene, layer, command, words, verb, { make, at, project, active });
    case 'pipenv': {
      if (!/^(?:install|sync)$/.test(verb)) return [];
      if (words.includes('--system'))
        return make('packages', pythonOfBase(scene.image.base)?.prefix, 'pipenv', project());
      if (active !== undefined) return intoVenv(active, 'pipenv');
      const inProject = /^(?:1|true|yes|on|t|y)$/i.test(command.variable('PIPENV_VENV_IN_PROJECT'));
      return intoVenv(inProject ? at('.venv') : undefined, 'pipenv');
    }
    case 'pdm':
      return /^(?:install|sync)$/.test(verb) ? intoVenv(active ?? at('.venv'), 'pdm') : [];
    case 'npm':
    case 'yarn':
    case 'pnpm':
    case 'bun': {
      const installs =
        words.some((word) => /^(?:ci|install|i|add|clean-install)$/.test(word)) || (words[0] === 'yarn' && verb === '');
      if (!installs || words.some((word) => word === '-g' || word === '--global') || verb === 'global') return [];
      const folder = folderOption(words, ['--prefix', '--cwd', '-C', '--dir'], 'node_modules');
      return make('node_modules', at(folder), words[0] ?? '', {
        at: layer.instruction.at,
        manifests: [],
        named: [],
        complete: true,
      });
    }
  }
  return undefined;
}

interface Tools {
  readonly make: (
    type: Install['type'],
    root: string | undefined,
    tool: string,
    contents: Contents | undefined,
  ) => readonly Effect[];
  readonly at: (path: string) => string | undefined;
  readonly project: () => Contents;
  readonly active: string | undefined;
}

/** https://docs.astral.sh/uv/reference/environment/ */
function uv(
  scene: RunScene,
  layer: ImageLayer,
  command: RunCommand,
  words: readonly string[],
  verb: string,
  { make, at, project, active }: Tools,
): readonly Effect[] {
  const named = command.variable('UV_PROJECT_ENVIRONMENT');
  const environment = at(named || folderOption(words, ['--project', '--directory'], '.venv'));
  if (verb === 'venv') {
    const [path] = venvs(words.slice(words.indexOf('venv') + 1));
    return make('venv', path === undefined ? environment : at(path), 'uv venv', undefined);
  }
  if (verb === 'sync' || verb === 'add')
    return make('venv', words.includes('--active') ? active : environment, 'uv', project());
  if (verb !== 'pip' || !/^(?:install|sync)$/.test(words[words.indexOf('pip') + 1] ?? '')) return [];
  const contents = pipContents(scene, layer, command, words.slice(words.indexOf('pip')));
  const system = words.includes('--system') || /^(?:1|true|yes)$/i.test(command.variable('UV_SYSTEM_PYTHON'));
  const chosen = optionOf(words, ['-p', '--python'])?.replace(/\/bin\/python[\d.]*$/, '');
  if (chosen?.startsWith('/')) return make('venv', chosen, 'uv', contents);
  const folder = optionOf(words, ['--prefix', '--target', '-t']);
  if (folder !== undefined) return make('packages', at(folder), 'uv', contents);
  return system
    ? make('packages', pythonOfBase(scene.image.base)?.prefix, 'uv', contents)
    : make('venv', active ?? at('.venv'), 'uv', contents);
}

/** Which Python `pip` belongs to, or the folder that an option names. */
function pipTarget(
  scene: RunScene,
  layer: ImageLayer,
  command: RunCommand,
  words: readonly string[],
  at: (path: string) => string | undefined,
): { readonly root: string | undefined; readonly isVenv: boolean } {
  const folder =
    optionOf(words, ['-t', '--target', '--prefix']) ??
    (command.variable('PIP_TARGET') || command.variable('PIP_PREFIX') || undefined);
  if (folder !== undefined) return { root: at(folder), isVenv: false };
  const home = homeOf(scene.layers, layer.user);
  const own = home === undefined ? undefined : `${home}/.local`;
  if (words.includes('--user') || /^(?:1|true|yes)$/i.test(command.variable('PIP_USER')))
    return { root: command.variable('PYTHONUSERBASE') || own, isVenv: false };
  const written = command.program.includes('/') ? at(command.program.replace(/\/bin\/[^/]+$/, '')) : undefined;
  const search = (command.variable('PATH') || DEFAULT_PATH).split(':');
  const onPath = search.map((folder) => folder.replace(/\/bin\/?$/, ''));
  const venv = [written, command.activated, ...onPath].find((path) =>
    scene.all().some((each) => each.kind === 'venv' && path !== undefined && each.root === path),
  );
  if (venv !== undefined && (written === undefined || written === venv)) return { root: venv, isVenv: true };
  // "Defaulting to user installation because normal site-packages is not writeable"
  if (!isRoot(layer.user)) return { root: ownsPrefix(scene) ? undefined : own, isVenv: false };
  return { root: pythonOfBase(scene.image.base)?.prefix ?? '/usr/local', isVenv: false };
}

/** Somebody may have made `/usr/local` writable for all. */
const ownsPrefix = (scene: RunScene): boolean =>
  scene.layers.some(({ instruction }) => /\bch(?:own|mod)\b[^;&|]*\s\/(?:usr\b|\s|$)/.test(instruction.script));

const PIP_VALUES =
  /^(?:-r|--requirement|-c|--constraint|-e|--editable|-i|--index-url|--extra-index-url|-f|--find-links|-t|--target|--prefix|--root|--python|-p|--timeout|--retries|--trusted-host|--cache-dir|--progress-bar|--platform|--no-binary|--only-binary|--src|--python-version|--log|--cert|--upgrade-strategy)$/;

function pipContents(scene: RunScene, layer: ImageLayer, command: RunCommand, words: readonly string[]): Contents {
  const manifests: string[] = [];
  const named: string[] = [];
  let complete = true;
  const manifest = (path: string): void => {
    const found = manifestAt(scene.repo, scene.image, layer, command, path);
    if (found === undefined) complete = false;
    else manifests.push(found);
  };
  const start = words.findIndex((word) => word === 'install' || word === 'sync') + 1;
  for (let index = start; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const joined = /^(?:--requirement=|-r(?=.))(.+)$/.exec(word)?.[1];
    if (joined !== undefined) manifest(joined);
    else if (/^(?:-r|--requirement)$/.test(word)) manifest(words[index + 1] ?? '');
    else if (/^(?:-e|--editable)$/.test(word)) manifest(`${words[index + 1] ?? '.'}/pyproject.toml`);
    else if (word === '') complete = false;
    else if (words[1] === 'sync' && /\.txt$/.test(word)) manifest(word);
    else if (/^\.(?:$|\/|\[)/.test(word)) manifest(`${word.replace(/\[.*$/, '')}/pyproject.toml`);
    else if (/[/*]/.test(word) || /\.whl$/.test(word)) complete &&= word.startsWith('-');
    else if (!word.startsWith('-')) named.push(distributionName(word));
    if (PIP_VALUES.test(word)) index += 1;
  }
  return { at: layer.instruction.at, manifests, named, complete };
}

/** What `poetry install`, `uv sync` and the like read in the project's folder. */
function projectContents(scene: RunScene, layer: ImageLayer, command: RunCommand, words: readonly string[]): Contents {
  const name = words[0] === 'pipenv' ? 'Pipfile' : 'pyproject.toml';
  const path = folderOption(words, ['-C', '--directory', '-P', '--project'], name);
  const found = manifestAt(scene.repo, scene.image, layer, command, path);
  const at = layer.instruction.at;
  return { at, manifests: found === undefined ? [] : [found], named: [], complete: found !== undefined };
}

/** The repository's file at a path of the container, or behind `RUN --mount=type=bind`. */
function manifestAt(
  repo: Repo,
  image: Image,
  layer: ImageLayer,
  command: RunCommand,
  path: string,
): string | undefined {
  if (command.cwd === undefined && !path.startsWith('/')) return undefined;
  const target = joinContainer(command.cwd ?? '/', path);
  for (const { name, value = '' } of layer.instruction.flags) {
    const parts = new Map(value.split(',').map((part) => part.split('=') as [string, string | undefined]));
    if (name !== 'mount' || parts.get('type') !== 'bind' || parts.has('from')) continue;
    const source = parts.get('source') ?? parts.get('src') ?? '.';
    const mounted = joinContainer(
      layer.workdir,
      parts.get('target') ?? parts.get('dst') ?? parts.get('destination') ?? '',
    );
    if (layer.context === undefined) continue;
    if (mounted === target) return inRepo(repo, resolveIn(layer.context, source));
    if (target.startsWith(`${mounted}/`))
      return inRepo(repo, resolveIn(layer.context, `${source}/${target.slice(mounted.length + 1)}`));
  }
  const file = image.fileAt(target);
  return file.kind === 'repo' ? file.path : undefined;
}

const inRepo = (repo: Repo, path: string | undefined): string | undefined =>
  path !== undefined && repo.has(path) ? path : undefined;

/** `poetry config virtualenvs.create false`, its variable, or `poetry.toml`. */
function setting(scene: RunScene, tool: 'poetry', name: 'create' | 'in-project'): 'yes' | 'no' | undefined {
  const layer = scene.layers.at(-1);
  const variable = layer?.expand(`$${tool.toUpperCase()}_VIRTUALENVS_${name.toUpperCase().replace('-', '_')}`) ?? '';
  const truth = (text: string): 'yes' | 'no' => (/^(?:1|true)$/i.test(text) ? 'yes' : 'no');
  if (variable !== '') return truth(variable);
  const pattern = new RegExp(`\\bconfig\\s+(?:--\\w+\\s+)*virtualenvs\\.${name}\\s+(?:--\\w+\\s+)*(true|false)`);
  for (const { instruction } of scene.layers.toReversed()) {
    const said = instruction.keyword === 'RUN' ? pattern.exec(instruction.script)?.[1] : undefined;
    if (said !== undefined) return truth(said);
  }
  const file = layer ? scene.image.fileAt(joinContainer(layer.workdir, 'poetry.toml')) : undefined;
  const text = file?.kind === 'repo' ? scene.repo.read(file.path) : undefined;
  const written = new RegExp(`^\\s*${name}\\s*=\\s*(true|false)`, 'm').exec(text ?? '')?.[1];
  return written === undefined ? undefined : truth(written);
}

/** Folders that a command which makes virtual environments names. */
const venvs = (words: readonly string[]): readonly string[] =>
  words.filter(
    (word, index) =>
      word !== '' && !word.startsWith('-') && !/^(?:-p|--python|--prompt|--seed)$/.test(words[index - 1] ?? ''),
  );

function optionOf(words: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    if (names.includes(word)) return words[index + 1];
    const name = names.find((each) => each.startsWith('--') && word.startsWith(`${each}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

/** A path below the folder that an option chooses, else below the working folder. */
const folderOption = (words: readonly string[], names: readonly string[], path: string): string => {
  const folder = optionOf(words, names);
  return folder === undefined ? path : `${folder}/${path}`;
};
