import type { Edit, Finding } from '../../src/finding.ts';
import type { ArgvWord } from '../../src/model/container.ts';
import { planEntrypoint } from '../../src/model/entrypoint.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';
import { namesOf, type Store, storeOf } from '../../src/model/store.ts';
import { deleteItems, replaceValue, textOf } from '../../src/parse/compose.ts';
import { execForm } from '../../src/parse/dockerfile.ts';
import { joinContainer, nameOf } from '../../src/repo/path.ts';
import { isWeb } from './missing-steps.ts';

const WAITER = /^(?:wait-for-it|wait-for|wait-for-postgres)(?:\.sh)?$/;

/** Web services whose command begins with a waiting script that is not in their image. */
export function* missingWaitCommands(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    const view = stack.view(service);
    const words = view.container.argv?.command ?? [];
    const first = words[0];
    const dashes = words.findIndex(({ text }) => text === '--');
    if (!first || dashes < 0 || dashes === words.length - 1 || !isWeb(view) || !WAITER.test(nameOf(first.text)))
      continue;
    const path = joinContainer(view.container.workdir ?? '/', first.text);
    const answer = first.text.includes('/')
      ? view.container.fileAt(path).kind === 'absent'
      : view.container.hasProgram(first.text).is === 'no';
    if (answer) yield findingFor(stack, view, words, dashes, first);
  }
}

function findingFor(
  stack: Stack,
  view: ServiceView,
  words: readonly ArgvWord[],
  dashes: number,
  first: ArgvWord,
): Finding {
  const { service } = view;
  const message = `${service.name} starts with ${first.text}, which its image does not have, so the container dies before its server starts.`;
  const evidence = [...view.startup.evidence, { at: first.at, says: `nothing puts ${first.text} into the image` }];
  const title = `Wait in the entrypoint of ${service.name} instead of with ${nameOf(first.text)}`;
  const stores = storesNamed(
    stack,
    view,
    words.slice(1, dashes).map(({ text }) => text),
  );
  const command = withoutWait(view, dashes);
  const plan =
    stores.length > 0
      ? planEntrypoint(stack, { view, waitFor: stores, steps: [] })
      : { manual: 'it is not known which service it waits for' };
  if (!command || 'manual' in plan)
    return {
      message,
      at: first.at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `It is left to you because ${'manual' in plan ? plan.manual : 'the command cannot be shortened by a splice'}. Copy ${nameOf(first.text)} into the image, or wait in an entrypoint.`,
    };
  return {
    message,
    at: first.at,
    evidence: [...evidence, ...plan.evidence],
    fix: { title, safety: 'review', changes: [...plan.changes, ...command] },
  };
}

function storesNamed(stack: Stack, view: ServiceView, options: readonly string[]): readonly Store[] {
  const stores = stack.neighbours(view.service).flatMap((service) => storeOf(service) ?? []);
  const hosts = options.map((text) => text.split(':')[0] ?? '');
  const named = stores.filter((store) => hosts.some((host) => namesOf(store.service).has(host)));
  return named.length > 0 ? named : hosts.some((host) => host.includes('$')) ? databasesOf(view) : [];
}

/** The command without its first words, up to and with `--`. */
function withoutWait(view: ServiceView, dashes: number): readonly Edit[] | undefined {
  const { cmd, command } = view.container.argv ?? {};
  if (cmd?.image && !cmd.image.shell)
    return [{ ...cmd.image.instruction.args, text: execForm(cmd.image.words.slice(dashes + 1)) }];
  const part = cmd?.part;
  if (!part || part.shared || !command) return undefined;
  if (part.node.kind === 'seq')
    return deleteItems(
      part.file,
      part.path,
      command.slice(0, dashes + 1).map((_, index) => index),
    );
  const text = textOf(part.node);
  return text === undefined || !text.includes(' -- ') || part.node.kind !== 'scalar' || part.node.style !== 'plain'
    ? undefined
    : replaceValue(part.file, part.path, text.slice(text.indexOf(' -- ') + 4));
}
