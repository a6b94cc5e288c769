import type { Finding, Span } from '../../src/finding.ts';
import type { Mount, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeNode, quoteScalar, textOf, valueAt } from '../../src/parse/compose.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { folderOf, nameOf, resolveIn } from '../../src/repo/path.ts';
import { candidatesFor, folderThatHasIt, isMissing, writtenLike } from './candidates.ts';
import { report } from './report.ts';

/** Files that people write and mount: what programs write themselves (databases, logs, sockets) is none. */
const WRITTEN =
  /\.(?:conf|cnf|cfg|ini|ya?ml|toml|json|xml|sh|sql|js|ts|py|template|tmpl|html|txt|properties|acl|rules|lua|hcl|vcl)$|(?:^|\/)Caddyfile$/i;

/** Bind-mounted files that are missing: Docker makes an empty folder in their place. */
export const brokenMounts = (stack: Stack, service: Service): readonly Finding[] =>
  service.mounts.flatMap((mount) => {
    const { kind, source } = mount;
    if (kind !== 'bind' || source === undefined || source === '' || !WRITTEN.test(source)) return [];
    if (!WRITTEN.test(mount.target) && nameOf(mount.target) !== nameOf(source)) return [];
    return isMissing(stack, source) ? [brokenMount(stack, service, mount, source)] : [];
  });

function brokenMount(stack: Stack, service: Service, mount: Mount, source: string): Finding {
  const written = sourceOf(mount);
  const candidates = candidatesFor(stack, source, () => true);
  const [only] = candidates;
  const folder = folderOf(mount.part.file.path);
  const above = written && folderThatHasIt(stack, mount.part.file.path, written.text);
  return report(stack, {
    at: mount.at,
    message: `${source} does not exist, so Docker makes an empty folder of that name and ${service.name} finds a folder at ${mount.target} ("not a directory: Are you trying to mount a directory onto a file?")`,
    evidence: [{ at: mount.at, says: `mounts ${source} at ${mount.target}` }],
    candidates,
    changes:
      written?.at && only !== undefined
        ? [{ ...written.at, text: written.quoted(writtenLike(written.text, folder, only)) }]
        : undefined,
    title: `Mount ${only}`,
    doubt:
      only === undefined
        ? undefined
        : above !== undefined
          ? `From ${above || 'the root of the repository'} the path is right: with \`--project-directory\`, or laid over a Compose file of that folder, it works as it is`
          : otherUse(stack, mount, only),
    without: `No other file of that name is in the repository. Write ${source}, or take the mount out.`,
  });
}

interface Written {
  readonly text: string;
  readonly at: Span | undefined;
  readonly quoted: (path: string) => string;
}

/** The source as it is written, with its place; no place when variables or escapes take part. */
function sourceOf(mount: Mount): Written | undefined {
  const node = nodeAt(mount.part.node, mount.at);
  if (node?.kind === 'map') {
    const source = valueAt(node, 'source');
    const text = textOf(source);
    if (!source || text === undefined) return undefined;
    return { text, at: text.includes('$') || source.aliasAt ? undefined : source.at, quoted: quoteScalar };
  }
  if (node?.kind !== 'scalar') return undefined;
  const text = textOf(node)?.split(':')[0] ?? '';
  const start = node.source.indexOf(text);
  const plain = start >= 0 && !text.includes('$');
  const at = plain
    ? { path: node.at.path, start: node.at.start + start, end: node.at.start + start + text.length }
    : undefined;
  return { text, at, quoted: (path) => path };
}

const nodeAt = (list: ComposeNode, at: Span): ComposeNode | undefined =>
  list.kind === 'seq'
    ? list.items.find(({ value }) => value.at.start === at.start && value.at.path === at.path)?.value
    : undefined;

/** A file that something else already uses is that one's own, unless both want it in the same place. */
function otherUse(stack: Stack, mount: Mount, path: string): string | undefined {
  const mounted = stack.services.find((other) =>
    other.mounts.some((each) => each.kind === 'bind' && each.source === path && each.target !== mount.target),
  );
  if (mounted) return `${mounted.name} mounts ${path} for a purpose of its own`;
  for (const { context, dockerfile } of stack.builds) {
    const file = dockerfile === undefined ? undefined : stack.sources.dockerfile(dockerfile);
    const copied = file?.instructions.some((instruction) => {
      const copy = copyOf(instruction);
      return copy?.from === undefined && copy?.sources.some(({ text }) => resolveIn(context ?? '', text) === path);
    });
    if (copied) return `${dockerfile} copies ${path} into an image of its own`;
  }
  return undefined;
}
