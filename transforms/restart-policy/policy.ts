import type { Evidence, Finding } from '../../src/finding.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { entryOf, insertEntries, textOf, valueAt } from '../../src/parse/compose.ts';

/** What the file writes where a service has a policy. */
export interface Policy {
  /** `restart: always`, or the lines of `deploy`. */
  readonly shape: 'restart' | 'deploy';
  readonly value: string;
}

/** The policy that most services of a project have, `unless-stopped` where none has one; `undefined` where one is switched off on purpose. */
export function policyOf(views: readonly ServiceView[]): Policy | undefined {
  const restarts = views.flatMap(({ service }) => {
    const node = service.parts.get('restart')?.at(-1)?.node;
    return node?.kind === 'scalar' ? [{ value: String(node.value), source: node.source, view: service.name }] : [];
  });
  const stays = views.filter(
    ({ store, startup }) => store || /^(?:web|worker)$/.test(startup.main?.program.role ?? ''),
  );
  const off = stays.some(({ service }) =>
    restarts.some(({ value, view }) => view === service.name && /^(?:no|false)$/.test(value)),
  );
  if (off) return undefined;
  const used = restarts.filter(({ value }) => !/^(?:no|false)$/.test(value)).map(({ source }) => source);
  if (used.length > 0) return { shape: 'restart', value: commonest(used) };
  const conditions = views.flatMap(({ service }) =>
    (service.parts.get('deploy') ?? []).flatMap(
      ({ node }) => textOf(valueAt(node, 'restart_policy', 'condition')) ?? [],
    ),
  );
  const kept = conditions.filter((condition) => condition !== 'none');
  return kept.length > 0 ? { shape: 'deploy', value: commonest(kept) } : { shape: 'restart', value: 'unless-stopped' };
}

const commonest = (values: readonly string[]): string => {
  const count = (value: string): number => values.filter((each) => each === value).length;
  return values.reduce((best, value) => (count(value) > count(best) ? value : best));
};

/** The finding for a service that has none; nothing where its place in the file is shared. */
export function findingOf(view: ServiceView, { shape, value }: Policy, stays: Evidence): Finding | undefined {
  const { service } = view;
  const own = service.definitions.find(({ overlay }) => !overlay);
  if (!own) return undefined;
  const after = ['container_name', 'image', 'build'].find((key) => {
    const entry = entryOf(own.entry.value, key);
    return entry !== undefined && !entry.merged;
  });
  const policy = ['restart_policy:', `  condition: ${value}`];
  const edits =
    shape === 'restart'
      ? insertEntries(own.file, own.path, [`restart: ${value}`], after)
      : entryOf(own.entry.value, 'deploy')
        ? insertEntries(own.file, [...own.path, 'deploy'], policy)
        : insertEntries(own.file, own.path, ['deploy:', ...policy.map((line) => `  ${line}`)]);
  if (!edits) return undefined;
  return {
    message: `${service.name} has no restart policy, so after a crash, or when the machine starts anew, it stays down until somebody starts it.`,
    at: service.at,
    evidence: [stays, { at: service.at, says: 'neither restart nor deploy.restart_policy is set' }],
    fix: { title: `Restart ${service.name} (${value})`, safety: 'review', changes: edits },
  };
}
