import type { BuildContext } from '../../src/model/context/build-context.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import type { Stack } from '../../src/model/stack.ts';
import { nameOf, within } from '../../src/repo/path.ts';

/** Files that a build or a process may read a path out of: code, scripts, build files. Not prose, and not Compose, which runs on the host. */
const CODE =
  /(?:^|\/)(?:(?:Make|Just|Rake|Pip|Proc|Gem)file[\w.]*|justfile|(?:.*\.)?Dockerfile[\w.-]*|[^/]+\.(?:py|[cm]?[jt]sx?|vue|svelte|sh|bash|toml|cfg|ini|json|gradle|kts|rs|go|rb|php|mk|ya?ml|html?|j2|s?css)|[^./]+)$/;
const NOT_CODE =
  /(?:^|\/)(?:[^/]*lock[^/]*|(?:docker-)?compose[\w.-]*\.ya?ml|LICENSE|README|CHANGELOG)$|\.github\/|^docs\//;

function* codeOf(stack: Stack, { folder }: BuildContext): Iterable<string> {
  for (const path of stack.repo.paths) {
    const relative = within(folder, path);
    if (relative === undefined || !CODE.test(relative) || NOT_CODE.test(relative) || stack.repo.isIgnored(path))
      continue;
    const text = stack.repo.read(path);
    if (text !== undefined) yield text;
  }
  for (const path of stack.dockerfiles) {
    const text = within(folder, path) === undefined ? stack.repo.read(path) : undefined;
    if (text !== undefined) yield text;
  }
}

const some = (stack: Stack, context: BuildContext, pattern: RegExp): boolean => {
  for (const text of codeOf(stack, context)) if (pattern.test(text)) return true;
  return manifestsOf(stack, context).some((text) => pattern.test(text));
};

const manifestsOf = (stack: Stack, { folder }: BuildContext): readonly string[] =>
  stack.repo.paths
    .filter((path) => within(folder, path) !== undefined && /^requirements.*\.(?:txt|in)$|^Pipfile$/.test(nameOf(path)))
    .map((path) => stack.repo.read(path) ?? '');

const GIT =
  /setuptools[_-]scm|hatch-vcs|versioneer|dynamic-versioning|\bpbr\b|vcs-versioning|versioningit|source\s*=\s*["'](?:scm|vcs)["']|\bgit["'\s,]+(?:rev-parse|describe|log|status|submodule|show|config|diff|ls-files|rev-list|branch|tag)\b|gitpython|pygit2|git-rev|vergen|git-commit-id|nodegit|simple-git|["'\s/=(]\.git(?![\w.-])/i;

/** Something in the context asks git for a version or a commit. */
export const needsGit = (stack: Stack, context: BuildContext): boolean => some(stack, context, GIT);

/** Libraries and frameworks that look for `.env` by themselves, and code that names it. */
const ENV_FILE =
  /dotenv|decouple|\benvirons\b|environ\.Env|read_env|env[_-]file|dynaconf|\bprisma\b|@nestjs\/config|"(?:next|vite|nuxt|astro|gatsby|react-scripts|@sveltejs\/kit|@vue\/cli-service)"|pipenv\s+run|honcho|foreman|overmind|loadEnv|viper|(?:^|["'`\s/=(])\.env(?!\.(?:example|sample|template|dist))\b/im;

/** Something in the context reads `.env`, so that the image may need it. */
export const readsEnvFile = (stack: Stack, context: BuildContext): boolean =>
  some(stack, context, ENV_FILE) ||
  // Laravel and Symfony do so out of sight, in their vendor folder.
  stack.repo.paths.some((path) => within(context.folder, path) !== undefined && nameOf(path) === 'composer.json');

/** A Dockerfile or a command names `.venv` and no RUN makes it: then it is the host's that runs. */
export function usesHostsVenv(stack: Stack, { users }: BuildContext): boolean {
  return users.some(({ stages, dockerfile }) => {
    const made = stages.some((image) => installationsOf(stack.repo, image).all.some(({ kind }) => kind === 'venv'));
    const commands = stack.services
      .filter(({ build }) => build?.dockerfile === dockerfile.path)
      .flatMap((service) => stack.view(service).container.argv?.words ?? []);
    const named = /(?:^|[\s"'/=:])\.?venv\//.test(
      [dockerfile.text.replace(/^[ \t]*#.*$/gm, ''), ...commands.map(({ text }) => text)].join('\n'),
    );
    return named && !made;
  });
}

/** Code that takes files out of node_modules without Node: templates, static files of another framework. */
export const namesModules = (stack: Stack, context: BuildContext): boolean =>
  some(stack, context, /(?<!["'\w*/!.-])node_modules\/|["'/]node_modules/);
