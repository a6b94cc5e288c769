import type { Finding } from '../../src/finding.ts';
import { isOfTests } from '../../src/model/of-tests.ts';
import { exampleValues, isExample } from '../../src/model/secret/known.ts';
import { isEnvPath, isExamplePath } from '../../src/model/secret/written.ts';
import { credentialsIn, isCommon, isSecret, isUrlSecret } from '../../src/model/secret.ts';
import type { Stack } from '../../src/model/stack.ts';
import { nameOf } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';

/** Env files with secrets that no rule of git leaves out. Whether git tracks one already is not looked up: the next `git add .` does. */
export function* trackedFindings(stack: Stack): Iterable<Finding> {
  const examples = exampleValues(stack.repo);
  for (const path of stack.repo.paths) {
    if (!isEnvPath(path) || isExamplePath(path) || stack.repo.isIgnored(path) || isOfTests(nameOf(path))) continue;
    const secrets = (stack.sources.dotenv(path)?.entries ?? []).filter(
      ({ name, value }) => value !== undefined && !isExample(value, examples) && isStrong(name, value),
    );
    const [first] = secrets;
    if (!first) continue;
    const names = secrets.map(({ name }) => name);
    yield {
      message: `${path} holds ${listed(names)}, and no rule of git leaves the file out: ${names.length > 1 ? 'they are' : 'it is'} committed, or will be with the next "git add .".`,
      at: { ...first.at, end: first.at.start + first.name.length },
      evidence: secrets.map(({ name, at }) => ({
        at: { ...at, end: at.start + name.length },
        says: `${name} is set here`,
      })),
      fix: { title: `Keep ${path} out of git`, safety: 'manual', changes: [] },
      advice: `Add ${path} to .gitignore, and take it out of git without deleting it: git rm --cached ${path}. If it was ever pushed, choose new secrets: the history keeps the old ones.`,
    };
  }
}

const isStrong = (name: string, value: string): boolean =>
  (isSecret(name, value) && !isCommon(value)) ||
  credentialsIn(value).some((each) => isUrlSecret(each) && !isCommon(each.password));
