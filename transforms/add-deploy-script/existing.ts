import type { Evidence } from '../../src/finding.ts';
import { isComposePath } from '../../src/model/compose/project.ts';
import { isDocumentation, mentionsIn } from '../../src/model/mention.ts';
import type { Stack } from '../../src/model/stack.ts';
import { nameOf } from '../../src/repo/path.ts';

/** Commands that start a stack: `docker compose up`, also as words of a list or through a variable of a Makefile. */
const STARTS =
  /docker["',\s-]+compose\b[^\n#]*\b(?:up|start|restart)\b|docker\s+stack\s+deploy|\$[({]\w*(?:COMPOSE|DC)\w*[)}][^\n#]*\bup\b/i
    .source;
/** Files of services and tools that deploy. */
const PLATFORM =
  /(?:^|\/)(?:Procfile|fly\.toml|render\.ya?ml|heroku\.yml|captain-definition|appspec\.yml|Chart\.yaml|skaffold\.ya?ml|kustomization\.ya?ml|Jenkinsfile|cloudbuild\.ya?ml|railway\.(?:json|toml)|nixpacks\.toml|[^/]*\.tf|ansible\.cfg|playbook[^/]*\.ya?ml|Dockerrun\.aws\.json|deploy[\w-]*\.ya?ml)$/;
const PIPELINE = /^\.github\/workflows\/|(?:^|\/)\.gitlab-ci\.yml$|^\.circleci\/|^(?:bitbucket|azure)-pipelines\.yml$/;
const PUBLISHES = 'docker[ -]compose|\\bdeploy|build-push-action|docker push|kaniko';
/** Scripts that say by their name what they are for. */
const SCRIPT = /(?:^|\/)[\w-]*deploy[\w-]*(?:\.(?:sh|bash|zsh|fish|ps1|bat|cmd|py|rb|[cm]?[jt]s))?$/i;
/** Modules that deploy something else. */
const IN_THE_APPLICATION = /(?:^|\/)(?:src|app|lib|tests?|migrations)\//;
/** Recipes of Make, just, Task and npm that say by their name that they bring the stack up. */
const RECIPES: readonly { readonly file: RegExp; readonly recipe: string }[] = [
  { file: /^(?:GNU)?[Mm]akefile$|\.mk$/, recipe: '^(?:deploy|up)(?:-[\\w-]*)?\\s*:(?!=)' },
  { file: /^\.?[Jj]ustfile$/, recipe: '^@?(?:deploy|up)(?:-[\\w-]*)?(?: [^:\\n]*)?:(?!=)' },
  { file: /^[Tt]askfile\.ya?ml$/, recipe: '^\\s+[\'"]?(?:deploy|up)(?:[:-][\\w:-]*)?[\'"]?:' },
  { file: /^package\.json$/, recipe: '"(?:deploy|up)(?:[:-][\\w:-]*)?"\\s*:' },
];

/** How the repository deploys its stack already; `undefined` when no file does. */
export function existingWay(stack: Stack): Evidence | undefined {
  for (const path of stack.repo.paths) {
    if (isDocumentation(path) || isComposePath(stack.repo, path)) continue;
    const says = wayIn(path, stack.repo.read(path) ?? '');
    if (says !== undefined) return { at: { path, start: 0, end: 0 }, says };
  }
  return undefined;
}

function wayIn(path: string, text: string): string | undefined {
  const name = nameOf(path);
  const has = (pattern: string): boolean => mentionsIn(path, text, pattern, undefined).length > 0;
  if (PLATFORM.test(path)) return 'it is deployed by a platform';
  if (/^kind:\s*["']?(?:Deployment|StatefulSet|Service|CronJob)\b/m.test(text) && /\.ya?ml$/.test(path))
    return 'it is deployed to Kubernetes';
  if (PIPELINE.test(path)) return has(PUBLISHES) ? 'a pipeline deploys it' : undefined;
  if (SCRIPT.test(path) && !IN_THE_APPLICATION.test(path)) return 'this script is for it by its name';
  const recipe = RECIPES.find(({ file }) => file.test(name));
  if (recipe && new RegExp(recipe.recipe, 'm').test(text)) return 'a recipe brings the stack up';
  return has(STARTS) ? 'this starts the stack' : undefined;
}
