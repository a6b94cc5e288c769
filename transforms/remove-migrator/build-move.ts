import { lineContentEnd } from '../../src/lines.ts';
import type { Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { type ComposeFile, insertEntries } from '../../src/parse/compose.ts';
import type { ComposeStep } from '../../src/parse/compose-sequence.ts';
import { folderOf } from '../../src/repo/path.ts';

/** The `build:` of a removed service, on its way to a service that runs its image. */
export interface BuildMove {
  readonly file: ComposeFile;
  readonly steps: readonly ComposeStep[];
  readonly to: Service;
}

/** Moves the only build of an image to a consumer. Nothing to move, a move, or why it cannot be made. */
export function buildMove(
  stack: Stack,
  removed: readonly Service[],
  service: Service,
  web: ServiceView,
): BuildMove | { readonly manual: string } | undefined {
  const image = service.image?.text ?? '';
  const neighbours = stack.neighbours(service).filter((other) => !removed.includes(other));
  const implied = new RegExp(`(?:^|[/_-])${service.name.replace(/[^\w]/g, '\\$&')}(?::latest)?$`);
  const users = neighbours.filter(
    (other) =>
      !other.build && other.image && (other.image.text === image || (image === '' && implied.test(other.image.text))),
  );
  if (!service.build) return undefined;
  const based =
    image === ''
      ? undefined
      : stack.dockerfiles.find((path) => stack.sources.dockerfile(path)?.stages.some(({ base }) => base === image));
  const builtElsewhere = neighbours.some((other) => other.build && other.image?.text === image);
  if (image !== '' && builtElsewhere) return undefined;
  if (based !== undefined) return { manual: `${based} is built on ${image}, which only ${service.name} builds` };
  const to = users.find((user) => user === web.service) ?? users[0];
  if (!to) return undefined;
  if (image === '') return { manual: `${to.name} runs the image that Compose names after ${service.name}` };
  const parts = service.parts.get('build') ?? [];
  const [part] = parts;
  const home = to.definitions.find(({ file, overlay }) => !overlay && file.path === part?.file.path);
  if (!part || parts.length > 1 || part.shared || !home || folderOf(home.file.path) !== folderOf(part.file.path))
    return {
      manual: `${to.name} runs the image that ${service.name} builds, and its build is put together from several places`,
    };
  const { text } = part.file;
  const lines = unindented(text, part.entry.at.start, lineContentEnd(text, part.entry.at.end));
  const step: ComposeStep = (now) => {
    const own = home.entry.value.kind === 'map' ? home.entry.value.own.map(({ key }) => String(key.value)) : [];
    return insertEntries(now, home.path, lines, own.includes('image') ? 'image' : undefined);
  };
  return { file: part.file, steps: [step], to };
}

/** An entry's lines, moved to column 0. */
function unindented(text: string, start: number, end: number): readonly string[] {
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  return text
    .slice(start, end)
    .split(/\r?\n/)
    .map((line, index) => (index > 0 && line.slice(0, column).trim() === '' ? line.slice(column) : line));
}
