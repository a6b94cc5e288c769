import type { Finding } from '../../src/finding.ts';
import type { Part, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeNode, quoteScalar, textOf, valueAt } from '../../src/parse/compose.ts';
import { folderOf, nameOf, relativeTo, resolveIn } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';
import { candidatesFor, folderThatHasIt, isMissing, writtenLike } from './candidates.ts';
import { placeOf, report } from './report.ts';

/** Env files that a person makes from an example and git does not hold. */
const PRIVATE = /^(?:\.env(?:\.(?!example$|sample$|template$|dist$).*)?|.*\.local|.*\.env\.private)$/;

/** A missing file as one service names it. */
interface Named {
  readonly service: Service;
  readonly part: Part;
  readonly node: ComposeNode;
  readonly path: string;
}

/** Env files that Compose names and that do not exist: one finding for a file that people make, one a place for one that moved. */
export function brokenEnvFiles(stack: Stack): readonly Finding[] {
  const missing = stack.services.flatMap((service) => missingOf(stack, service));
  const [made, moved] = [true, false].map((made) => missing.filter(({ path }) => isMade(stack, path) === made));
  const paths = [...new Set(made?.map(({ path }) => path))];
  return [
    ...paths.flatMap((path) => create(stack, made?.filter((each) => each.path === path) ?? [])),
    ...(moved ?? []).map((each) => brokenEnvFile(stack, each)),
  ];
}

/** Git does not hold it: a person makes it from an example. */
const isMade = (stack: Stack, path: string): boolean => PRIVATE.test(nameOf(path)) || !isMissing(stack, path);

const missingOf = (stack: Stack, service: Service): readonly Named[] =>
  (service.parts.get('env_file') ?? []).flatMap((part) =>
    itemsOf(part.node).flatMap((item) => {
      const node = item.kind === 'map' ? valueAt(item, 'path') : item;
      const text = textOf(node);
      if (node?.kind !== 'scalar' || text === undefined || text.includes('$')) return [];
      if (item.kind === 'map' && textOf(valueAt(item, 'required')) === 'false') return [];
      const path = resolveIn(folderOf(part.file.path), text);
      if (path === undefined || path === '' || stack.repo.has(path)) return [];
      if (stack.repo.linkAt(path) || stack.repo.hasFolder(path)) return [];
      return [{ service, part, node, path }];
    }),
  );

const itemsOf = (node: ComposeNode): readonly ComposeNode[] =>
  node.kind === 'seq' ? node.items.map(({ value }) => value) : [node];

/** A missing `.env` is nobody's mistake: somebody has to make it. */
function create(stack: Stack, named: readonly Named[]): readonly Finding[] {
  const [first] = named;
  if (!first) return [];
  const { path, node } = first;
  const services = listed([...new Set(named.map(({ service }) => service.name))]);
  const folder = folderOf(path);
  const examples = [`${path}.example`, `${path}.sample`, `${path}.template`, `${path}.dist`]
    .concat(
      ['.env.example', '.env.sample', '.env.template', 'env.example'].map((name) =>
        [folder, name].filter(Boolean).join('/'),
      ),
    )
    .filter((each) => stack.repo.has(each));
  const [example] = examples;
  const places = new Map(named.map((each) => [`${each.node.at.path}:${each.node.at.start}`, each]));
  return [
    {
      message: `${path} does not exist, so Compose stops with "env file ${path} not found" before it starts ${services}`,
      at: node.at,
      evidence: [
        ...[...places.values()].map((each) => ({ at: each.node.at, says: `${each.service.name} reads ${path}` })),
        ...(example === undefined ? [] : [{ at: placeOf(example), says: `${example} is its example` }]),
      ],
      advice:
        example === undefined
          ? `Such a file is usually kept out of git: create ${path} with the variables that ${services} ${named.length > 1 ? 'need' : 'needs'}, one NAME=value a line.`
          : `Such a file is usually kept out of git: create it with \`cp ${example} ${path}\` and fill in the values.`,
    },
  ];
}

function brokenEnvFile(stack: Stack, { service, part, node, path }: Named): Finding {
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
