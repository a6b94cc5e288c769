import { type Change, type Evidence, isEdit } from '../../src/finding.ts';
import { borrowsFrom, extendsFrom } from '../../src/model/compose/service-references.ts';
import { removeServices } from '../../src/model/compose/service-removal.ts';
import { isOneShot } from '../../src/model/entrypoint/start-script.ts';
import { planEntrypoint } from '../../src/model/entrypoint.ts';
import { deployedMigration } from '../../src/model/migration/deployed-migrations.ts';
import type { Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';
import { buildMove } from './build-move.ts';
import { carryOver, webMigrates } from './carry.ts';
import { databaseDiffers } from './database.ts';
import { leftoversOf, removalsOf } from './leftovers.ts';
import { type Migrator, migratorOf } from './migrator.ts';
import { chosenWeb } from './web.ts';

/** Everything that has to change so that the web service migrates and the migrator is gone, or why that is left to a person. */
export type Repair =
  | {
      readonly title: string;
      readonly changes: readonly Change[];
      readonly evidence: readonly Evidence[];
      /** What a person should know besides. */
      readonly notes: readonly string[];
    }
  | { readonly manual: string };

/** Plans the removal of a migrator across all files. */
export function repairOf(stack: Stack, migrator: Migrator, webs: readonly ServiceView[]): Repair {
  const { service } = migrator.view;
  const web = chosenWeb(webs);
  if ('manual' in web) return web;
  if (!web.image) return { manual: `${web.service.name} runs an image that is not built from this repository` };
  const differs = databaseDiffers(migrator.view, web);
  if (differs !== undefined) return { manual: differs };
  const family = familyOf(stack, migrator);
  const borrowed = family.map((each) => borrowsFrom(stack, family, each)).find((each) => each !== undefined);
  if (borrowed !== undefined) return { manual: borrowed };
  const move = buildMove(stack, family, service, web);
  if (move && 'manual' in move) return move;
  const start = planStart(without(stack, family), migrator, web);
  if ('manual' in start) return start;
  const removal = removeServices(stack, family, start.changes, move ? [move] : []);
  if ('manual' in removal) return removal;
  const mentioned = removal.gone.find((path) =>
    stack.repo.paths.some(
      (other) => other !== path && !/\.(?:md|rst|txt)$/.test(other) && stack.repo.read(other)?.includes(path),
    ),
  );
  if (mentioned !== undefined)
    return { manual: `${mentioned} would be left without services, and other files mention it` };
  const texts = textsAfter(stack, removal.changes, removal.gone);
  const leftovers = leftoversOf(stack, migrator, family, texts);
  const gone = removal.gone.map((path): Change => ({ path, remove: true }));
  return {
    title: start.title,
    changes: [...removal.changes, ...gone, ...removalsOf(leftovers)],
    evidence: start.evidence,
    notes: notesOf(stack, migrator, family, leftovers.kept, move?.to),
  };
}

/** The stack as it will be: a service that goes away is no other user of an image. */
const without = (stack: Stack, removed: readonly Service[]): Stack => ({
  ...stack,
  services: stack.services.filter((service) => !removed.includes(service)),
  neighbours: (service) => stack.neighbours(service).filter((other) => !removed.includes(other)),
});

/** The migrator and its like in other files that extend it. */
function familyOf(stack: Stack, migrator: Migrator): readonly Service[] {
  const { service } = migrator.view;
  const heirs = stack.services.filter(
    (other) => other.name === service.name && extendsFrom(other, service) && migratorOf(stack, stack.view(other)),
  );
  return [service, ...heirs];
}

function planStart(
  stack: Stack,
  migrator: Migrator,
  web: ServiceView,
):
  | { readonly title: string; readonly changes: readonly Change[]; readonly evidence: readonly Evidence[] }
  | { readonly manual: string } {
  const { service } = migrator.view;
  const { tool } = migrator.run;
  const name = web.service.name;
  if (webMigrates(migrator, web)) {
    const own = web.startup.commands.find(({ program }) => program.name === tool);
    const evidence = own ? [{ at: own.at, says: `${name} runs ${tool} at its own start already` }] : [];
    return { title: `Remove ${service.name}: ${name} runs ${tool} itself`, changes: [], evidence };
  }
  const other = stack
    .neighbours(web.service)
    .filter((each) => each !== web.service)
    .map((each) => stack.view(each))
    .find((each) => !isOneShot(each) && webMigrates(migrator, each));
  if (other) return { manual: `${other.service.name} runs ${tool} at its own start too, and takes no lock` };
  const carried = carryOver(stack, migrator, web);
  if ('manual' in carried) return carried;
  const deployed = deployedMigration(stack, tool);
  if (deployed)
    return {
      manual: `${deployed.at.path} runs ${tool} when the image is deployed, and an entrypoint in the image would run it there once more, in every container`,
    };
  const plan = planEntrypoint(stack, { view: web, waitFor: databasesOf(web), steps: carried.steps });
  if ('manual' in plan) return plan;
  const evidence: Evidence[] = [
    { at: web.startup.main?.at ?? web.service.at, says: `${name} serves the same code and uses the same database` },
    {
      at: { path: carried.file, start: 0, end: 0 },
      says: `${tool} finds its migrations by this, and the image of ${name} holds it too`,
    },
    ...plan.evidence,
  ];
  return {
    title: `Remove ${service.name} and run ${tool} in the entrypoint of ${name}`,
    changes: plan.changes,
    evidence,
  };
}

/** The texts of edited files as the fix leaves them; `undefined` for removed ones. */
function textsAfter(
  stack: Stack,
  changes: readonly Change[],
  gone: readonly string[],
): ReadonlyMap<string, string | undefined> {
  const texts = new Map<string, string | undefined>(gone.map((path) => [path, undefined]));
  for (const change of [...changes].filter(isEdit).sort((a, b) => b.start - a.start)) {
    const text = texts.get(change.path) ?? stack.repo.read(change.path) ?? '';
    texts.set(change.path, text.slice(0, change.start) + change.text + text.slice(change.end));
  }
  return texts;
}

function notesOf(
  stack: Stack,
  { view }: Migrator,
  family: readonly Service[],
  kept: readonly { readonly path: string; readonly mentionedIn: string }[],
  builder: Service | undefined,
): readonly string[] {
  const { service } = view;
  const word = new RegExp(`(?<![\\w-])${service.name.replace(/[^\w]/g, '\\$&')}(?![\\w-])`);
  const documents = stack.repo.paths.filter(
    (path) => /\.(?:md|rst|adoc)$/i.test(path) && word.test(stack.repo.read(path) ?? ''),
  );
  const freed = stack
    .neighbours(service)
    .filter(
      (other) =>
        !family.includes(other) && /^(?:worker|beat)$/.test(stack.view(other).startup.main?.program.role ?? ''),
    )
    .filter((other) =>
      other.dependsOn.some(
        ({ name, condition }) => name === service.name && condition === 'service_completed_successfully',
      ),
    );
  return [
    ...kept.map(({ path, mentionedIn }) => `${path} stays: ${mentionedIn} names it.`),
    ...(service.build?.target === undefined
      ? []
      : [`The stage ${service.build.target} of ${service.build.dockerfile ?? 'its Dockerfile'} is no longer built.`]),
    ...(builder ? [`${builder.name} builds the image now.`] : []),
    ...freed.map(
      ({ name }) =>
        `${name} no longer waits for the schema: if it needs the tables as soon as it starts, let it wait for the web service with service_healthy.`,
    ),
    ...(documents.length > 0
      ? [`${documents.join(', ')} still ${documents.length > 1 ? 'tell' : 'tells'} of ${service.name}.`]
      : []),
  ];
}
