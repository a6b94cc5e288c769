import type { Finding } from '../../src/finding.ts';
import { type GivenValue, givenValue } from '../../src/model/env/given-value.ts';
import { type Rejection, rejectionOf, typeOf } from '../../src/model/env/settings-type.ts';
import type { SettingsField, SettingsUse } from '../../src/model/env/settings-use.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { listed } from '../../src/words.ts';
import { valueEdit } from './value-edit.ts';

/** A value that a settings class rejects. */
export interface RejectedValue {
  readonly view: ServiceView;
  readonly use: SettingsUse;
  readonly field: SettingsField;
  readonly value: GivenValue;
  readonly rejection: Rejection;
}

/** The values that a settings class of a service rejects. */
export function rejectedValues(stack: Stack, view: ServiceView, use: SettingsUse): readonly RejectedValue[] {
  return use.fields.flatMap((field) => {
    const type = field.names && !field.prepared ? typeOf(field, view.python) : undefined;
    if (!type || !field.names || isOff(use, type.kind)) return [];
    const value = givenValue(stack, view, field.names, use.anyCase, use.files);
    if (!value || (value.text === '' && use.option('env_ignore_empty') === 'True')) return [];
    if (use.option('env_parse_none_str') !== undefined || (value.text === '' && !use.v2)) return [];
    const rejection = rejectionOf(field, type, value.text, use.v2);
    return rejection ? [{ view, use, field, value, rejection }] : [];
  });
}

/** https://docs.pydantic.dev/latest/concepts/pydantic_settings/#disabling-json-parsing */
const isOff = (use: SettingsUse, kind: string): boolean =>
  (use.option('enable_decoding') !== undefined && /^(?:array|object)$/.test(kind)) ||
  (use.option('env_parse_enums') !== undefined && kind === 'choice');

/** One value, and every service that it stops. */
export function valueFinding(stack: Stack, all: readonly RejectedValue[]): Finding | undefined {
  const [first] = all;
  if (!first) return undefined;
  const { use, field, value, rejection } = first;
  const services = listed([...new Set(all.map(({ view }) => view.service.name))]);
  const message = `${value.name} of ${services} ${rejection.says}, so ${use.name} rejects it when it starts: \`${rejection.failure}\``;
  const evidence = [
    ...value.evidence,
    { at: field.at, says: `the field ${field.name} of ${use.name} is ${field.annotation.replace(/\s+/g, ' ')}` },
    { at: use.at, says: `${use.name} is made here, when the process starts` },
  ];
  const title = `Write ${value.name} as ${use.name} reads it`;
  const at = value.evidence.at(-1)?.at ?? field.at;
  const finding = { message, at, evidence };
  const manual = (advice: string): Finding => ({ ...finding, fix: { title, safety: 'manual', changes: [] }, advice });
  if (rejection.meant === undefined)
    return manual(
      `Which value is meant is yours to say: the field ${field.name} of ${use.name} takes ${field.annotation.replace(/\s+/g, ' ')}.${value.text === '' ? ' Leave the variable out when there is none.' : ''}`,
    );
  const reader = otherUse(stack, all) ?? otherReader(stack, all);
  if (reader !== undefined) return manual(`${reader} reads ${value.name}, too: change it for both.`);
  const edit = valueEdit(value, rejection.meant);
  return edit
    ? { ...finding, fix: { title, safety: 'review', changes: [edit] } }
    : manual(`Write the value as ${use.name} reads it where it stands.`);
}

/** A Compose file that fills the entry of `.env` in somewhere else, too. */
function otherUse(stack: Stack, all: readonly RejectedValue[]): string | undefined {
  const [first] = all;
  const place = first?.value.place;
  if (!first || place?.kind !== 'dotenv' || first.value.evidence.length < 2) return undefined;
  const entry = stack.sources.dotenv(place.path)?.entries.find(({ valueAt }) => valueAt.start === place.at.start);
  const named = new RegExp(`\\$\\{?${escapeRegExp(entry?.name ?? '')}\\b`, 'g');
  const known = all.flatMap(({ value }) => value.evidence.slice(0, 1).map(({ at }) => at));
  return stack.projects
    .flatMap(({ files, overlays }) => [...files, ...overlays])
    .find(({ path, text }) =>
      [...text.matchAll(named)].some(
        ({ index }) => !known.some((at) => at.path === path && at.start <= index && at.end >= index),
      ),
    )?.path;
}

/** A command line or source that reads the variable in another way, so that another spelling may break it. */
function otherReader(stack: Stack, all: readonly RejectedValue[]): string | undefined {
  const [first] = all;
  if (!first) return undefined;
  const { name } = first.value;
  const command = all.find(({ view }) => commandLines(view).some((line) => expansionOf(name).test(line)));
  if (command) return `The command line of ${command.view.service.name}`;
  const sources = isShared(stack, all) ? /\.(?:py|[cm]?[jt]sx?|sh|bash)$/ : /\.(?:py|sh|bash)$/;
  const own = new Set(all.flatMap(({ use }) => use.chain.map(({ module }) => module.path)));
  return stack.repo.paths.find(
    (path) =>
      !own.has(path) &&
      sources.test(path) &&
      !/(?:^|\/)(?:node_modules|tests?)\//.test(path) &&
      readsIn(path, name).some((reads) => reads.test(stack.repo.read(path) ?? '')),
  );
}

/** What a shell puts the value into when the container starts or is asked for its health. */
const commandLines = ({ service, image }: ServiceView): readonly string[] => [
  ...['command', 'entrypoint', 'healthcheck'].flatMap((key) =>
    // Compose fills a single dollar in by itself.
    (service.parts.get(key) ?? []).map(({ file, node }) =>
      file.text.slice(node.at.start, node.at.end).replace(/\$\$|\$/g, (dollars) => (dollars === '$$' ? '$' : '')),
    ),
  ),
  ...(image?.layers ?? []).flatMap(({ instruction, dockerfile }) =>
    /^(?:CMD|ENTRYPOINT|HEALTHCHECK)$/.test(instruction.keyword)
      ? dockerfile.text.slice(instruction.at.start, instruction.at.end)
      : [],
  ),
];

const expansionOf = (name: string): RegExp => new RegExp(`\\$\\{?${escapeRegExp(name)}\\b`);

/** How source of a language reads a variable. An attribute of the settings object (`settings.LOG_LEVEL`) is no such read. */
function readsIn(path: string, name: string): readonly RegExp[] {
  const word = escapeRegExp(name);
  if (/sh$/.test(path)) return [expansionOf(name)];
  if (!path.endsWith('.py'))
    return [
      new RegExp(`(?:environ|config|env)\\b[^\\n]{0,20}\\b${word}\\b`, 'i'),
      new RegExp(`\\{[^{}]*\\b${word}\\b[^{}]*\\}\\s*=\\s*[\\w.]+\\.env\\b`),
    ];
  return [
    // os.environ["X"], os.getenv("X"), config("X") of decouple, env.bool("X") of environs, Field(validation_alias="X")
    new RegExp(`(?:environ|getenv|config|env|envvar|alias|AliasChoices)\\b[^\\n]{0,20}\\s{0,60}(["'])${word}\\1`, 'i'),
    expansionOf(name),
    // the field of another settings class
    new RegExp(`^[ \\t]+${word}[ \\t]*:[ \\t]*[A-Za-z]`, 'im'),
  ];
}

/** Another service gets the value from the same place, or may do so. */
function isShared(stack: Stack, all: readonly RejectedValue[]): boolean {
  const stopped = new Set(all.map(({ view }) => view.service));
  return all.some(({ value: { name, place, evidence } }) => {
    if (place.kind !== 'compose' && evidence.length > 1) return true;
    const at = place.kind === 'compose' ? place.scalar.at : place.at;
    return stack.services.some((service) => {
      const given = service.environment.get(name)?.value?.at;
      return !stopped.has(service) && given?.start === at.start && given.path === at.path;
    });
  });
}
