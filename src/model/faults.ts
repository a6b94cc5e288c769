import { isComposePath } from './compose/project.ts';
import { isDockerfilePath, type Stack } from './stack.ts';

/** Something that the parser of a file's kind refuses. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What is wrong with one file, as the program that reads it would see it: no entry means that it parses. */
export function faultsOf(stack: Stack, path: string): readonly Fault[] {
  const fault = (message: string): Fault => ({ path, message });
  if (path.endsWith('.py')) return (stack.sources.python(path)?.errors ?? []).map(() => fault('a Python syntax error'));
  if (isComposePath(stack.repo, path)) {
    const file = stack.sources.compose(path);
    return [
      ...(file?.problems ?? []).map((problem) => fault(problem.message)),
      ...(file?.duplicates ?? []).map((key) => fault(`duplicate key ${String(key.value)}`)),
    ];
  }
  if (isDockerfilePath(path) || stack.dockerfiles.includes(path))
    return (stack.sources.dockerfile(path)?.problems ?? []).map((problem) => fault(problem.message));
  if (/\.(?:sh|bash)$/.test(path) || /^#!.*\b(?:sh|bash|dash|ash)\b/.test(stack.repo.read(path) ?? ''))
    return (stack.sources.shell(path)?.problems ?? []).map((problem) => fault(problem.message));
  return [];
}

const BUILT_IN_NETWORKS = new Set(['default', 'host', 'none', 'bridge']);

/** Names that a project's services use and nothing declares: Compose refuses such a file. */
export function danglingNames(stack: Stack): readonly Fault[] {
  return stack.services.flatMap((service) => {
    const path = service.at.path;
    const names = new Set(stack.neighbours(service).map((other) => other.name));
    const declared = (section: string): ReadonlySet<string> =>
      new Set(
        service.project.files.flatMap((file) =>
          (sectionOf(file.root, section) ?? []).map((entry) => String(entry.key.value)),
        ),
      );
    const volumes = declared('volumes');
    const networks = declared('networks');
    return [
      ...service.dependsOn
        .filter((edge) => edge.required && !names.has(edge.name))
        .map((edge) => ({ path, message: `${service.name} depends on ${edge.name}, which is not a service` })),
      ...service.mounts
        .filter((mount) => mount.kind === 'volume' && !volumes.has(mount.source ?? ''))
        .map((mount) => ({ path, message: `${service.name} mounts ${mount.source}, which is not declared` })),
      ...networksOf(service)
        .filter((name) => !networks.has(name) && !BUILT_IN_NETWORKS.has(name))
        .map((name) => ({ path, message: `${service.name} joins ${name}, which is not declared` })),
    ];
  });
}

const sectionOf = (root: Stack['projects'][number]['files'][number]['root'], key: string) => {
  const node = root?.entries.find((entry) => entry.key.value === key)?.value;
  return node?.kind === 'map' ? node.entries : undefined;
};

const networksOf = (service: Stack['services'][number]): string[] =>
  (service.parts.get('networks') ?? []).flatMap(({ node }) =>
    node.kind === 'map'
      ? node.entries.map((entry) => String(entry.key.value))
      : node.kind === 'seq'
        ? node.items.map(({ value }) => (value.kind === 'scalar' ? String(value.value) : ''))
        : [],
  );
