import type { Finding } from '../../src/finding.ts';
import type { Part, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeNode, quoteScalar, textOf, valueAt } from '../../src/parse/compose.ts';
import { folderOf, nameOf, relativeTo, resolveIn } from '../../src/repo/path.ts';
import { candidatesFor, folderThatHasIt, isMissing, writtenLike } from './candidates.ts';
import { placeOf, report } from './report.ts';

/** Env files that a person makes from an example and git does not hold. */
const PRIVATE = /^(?:\.env(?:\.(?!example$|sample$|template$|dist$).*)?|.*\.local|.*\.env\.private)$/;

/** Env files that Compose names and that do not exist. */
export const brokenEnvFiles = (stack: Stack, service: Service): readonly Finding[] =>
  (service.parts.get('env_file') ?? []).flatMap((part) =>
    itemsOf(part.node).flatMap((item) => {
      const node = item.kind === 'map' ? valueAt(item, 'path') : item;
      const text = textOf(node);
      if (node?.kind !== 'scalar' || text === undefined || text.includes('$')) return [];
      if (item.kind === 'map' && textOf(valueAt(item, 'required')) === 'false') return [];
      const path = resolveIn(folderOf(part.file.path), text);
      if (path === undefined || path === '' || stack.repo.has(path)) return [];
      const isPrivate = PRIVATE.test(nameOf(path)) || !isMissing(stack, path);
      if (stack.repo.linkAt(path) || stack.repo.hasFolder(path)) return [];
      return [isPrivate ? create(stack, service, node, path) : brokenEnvFile(stack, service, part, node, path)];
    }),
  );

const itemsOf = (node: ComposeNode): readonly ComposeNode[] =>
  node.kind === 'seq' ? node.items.map(({ value }) => value) : [node];

/** A missing `.env` is nobody's mistake: somebody has to make it. */
function create(stack: Stack, service: Service, node: ComposeNode, path: string): Finding {
  const folder = folderOf(path);
  const examples = [`${path}.example`, `${path}.sample`, `${path}.template`, `${path}.dist`]
    .concat(
      ['.env.example', '.env.sample', '.env.template', 'env.example'].map((name) =>
        [folder, name].filter(Boolean).join('/'),
      ),
    )
    .filter((each) => stack.repo.has(each));
  const [example] = examples;
  return {
    message: `${path} does not exist, so Compose stops with "env file ${path} not found" before it starts ${service.name}`,
    at: node.at,
    evidence: [
      { at: node.at, says: `${service.name} reads ${path}` },
      ...(example === undefined ? [] : [{ at: placeOf(example), says: `${example} is its example` }]),
    ],
    advice:
      example === undefined
        ? `Such a file is usually kept out of git: create ${path} with the variables that ${service.name} needs, one NAME=value a line.`
        : `Such a file is usually kept out of git: create it with \`cp ${example} ${path}\` and fill in the values.`,
  };
}

function brokenEnvFile(stack: Stack, service: Service, part: Part, node: ComposeNode, path: string): Finding {
  const candidates = candidatesFor(stack, path, () => true);
  const [only] = candidates;
  const folder = folderOf(part.file.path);
  const above = folderThatHasIt(stack, part.file.path, relativeTo(folder, path));
  return report(stack, {
    at: node.at,
    message: `${path} does not exist, so Compose stops with "env file ${path} not found" before it starts ${service.name}`,
    evidence: [{ at: node.at, says: `${service.name} reads ${path}` }],
    candidates,
    changes:
      only === undefined
        ? undefined
        : [{ ...node.at, text: quoteScalar(writtenLike(textOf(node) ?? '', folder, only)) }],
    title: `Read ${only}`,
    doubt:
      above !== undefined
        ? `From ${above || 'the root of the repository'} the path is right: with \`--project-directory\` it works as it is`
        : undefined,
    without: `No other file of that name is in the repository. Create ${path} with the variables that ${service.name} needs.`,
  });
}
