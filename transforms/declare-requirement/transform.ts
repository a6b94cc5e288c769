import type { Evidence, Finding, Span } from '../../src/finding.ts';
import { declaredElsewhere } from '../../src/model/python/declared-elsewhere.ts';
import { hasDistribution, type InstalledPython, installedPython } from '../../src/model/python/installed.ts';
import { type Declaration, declare } from '../../src/model/python/manifest-edit.ts';
import { type StartingNeed, startingNeeds } from '../../src/model/python/starting-needs.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { listed } from '../../src/words.ts';

/** A distribution that services need and that their image does not install. */
interface Missing {
  readonly services: readonly string[];
  readonly need: StartingNeed;
  readonly installed: InstalledPython;
  readonly declaration: Declaration;
  /** Another manifest of the project that names it. */
  readonly elsewhere: Span | undefined;
}

/** An image installs what its manifests and commands name; what is not among it is not there when the process starts. */
export default defineTransform({
  id: 'declare-requirement',
  group: 'repair',
  summary: 'Declare the package that a service needs to start and its image does not install',
  *find(stack) {
    for (const missing of missingIn(stack)) yield findingOf(missing);
  },
});

/** Each missing distribution once for each file that lacks it. */
function missingIn(stack: Stack): readonly Missing[] {
  const found = new Map<string, Missing>();
  for (const service of stack.services) {
    const view = stack.view(service);
    const installed = installedPython(stack, view);
    if (!installed) continue;
    for (const need of startingNeeds(stack, view)) {
      if (hasDistribution(installed, need.distribution) !== 'no') continue;
      const declaration = declare(stack.repo, installed.contents, installed.manifests, need.distribution.name);
      const elsewhere = declaredElsewhere(stack.repo, installed.manifests, need.distribution.name);
      const key = `${declaration.path}:${need.distribution.name}`;
      const known = found.get(key);
      const services = [...new Set([...(known?.services ?? []), service.name])];
      found.set(key, { ...(known ?? { need, installed, declaration, elsewhere }), services });
    }
  }
  return [...found.values()];
}

function findingOf({ services, need, installed, declaration, elsewhere }: Missing): Finding {
  const { name, builtWith } = need.distribution;
  const [service = '', ...others] = services;
  const images = others.length > 0 ? `nothing in the image of ${listed(services)}` : 'nothing in its image';
  const message = `${service} ${need.does}, and ${images} installs ${name}, so it stops with \`${need.failure}\``;
  const title = `Add ${name} to ${declaration.path}`;
  const evidence: Evidence[] = [
    ...need.evidence,
    ...installed.evidence,
    ...(installed.contents.manifests.length > 0
      ? installed.manifests.map((path) => ({
          at: { path, start: 0, end: 0 },
          says: `the image installs what this file names, and ${name} is not among it`,
        }))
      : [{ at: installed.contents.at, says: `the image installs what is named here, and ${name} is not among it` }]),
  ];
  if (elsewhere)
    evidence.push({ at: elsewhere, says: `${name} is named here, in a file that the image does not install` });
  const finding = { message, at: need.at, evidence };
  const manual = (advice: string): Finding => ({ ...finding, fix: { title, safety: 'manual', changes: [] }, advice });
  if (elsewhere)
    return manual(
      `${elsewhere.path} names ${name}: let the image install that file, or add ${name} to ${declaration.path}, too.`,
    );
  if (!declaration.edits) return manual(declaration.advice);
  if (builtWith !== undefined)
    return manual(`Add ${name} to ${declaration.path}; in a slim image it also needs ${builtWith} when it is built.`);
  return { ...finding, fix: { title, safety: 'review', changes: declaration.edits } };
}
