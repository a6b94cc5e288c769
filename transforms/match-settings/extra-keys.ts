import type { Edit, Finding } from '../../src/finding.ts';
import { eolOf, indentAt, lineContentEnd, lineEnd, lineStart } from '../../src/lines.ts';
import { filesInContainer } from '../../src/model/env/given-value.ts';
import { isNear } from '../../src/model/env/near-name.ts';
import type { SettingsUse } from '../../src/model/env/settings-use.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { listed } from '../../src/words.ts';

/**
 * Keys of an env file that the settings class itself loads and does not declare. pydantic-settings 2 forbids them unless it is
 * told otherwise; pydantic 1 never looks at them. https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support
 */
export function extraFinding(stack: Stack, view: ServiceView, use: SettingsUse): Finding | undefined {
  const extra = use.option('extra');
  if (!use.v2 || (extra !== undefined && !/forbid["']?$/.test(extra))) return undefined;
  if (use.fields.some(({ names }) => names === undefined) || use.chain.some(({ of }) => of.bases.length !== 1))
    return undefined;
  const declared = use.fields.flatMap(({ name, names }) => [...(names ?? []), `${use.prefix}${name}`]);
  const shown = (name: string): string => (use.anyCase ? name.toUpperCase() : name);
  const nested = use.option('env_nested_delimiter') !== undefined;
  for (const { file, dotenv, loadedAt, broughtAt } of filesInContainer(stack, view, use.files) ?? []) {
    const keys = dotenv.entries.filter(
      ({ name, value }) =>
        value !== undefined &&
        value !== '' &&
        !value.includes('$') &&
        // Older releases look at keys with the prefix only.
        name.toUpperCase().startsWith(use.prefix.toUpperCase()) &&
        !declared.some(
          (each) => shown(each) === shown(name) || (nested && name.toUpperCase().startsWith(each.toUpperCase())),
        ),
    );
    const [first] = keys;
    if (!first) continue;
    const names = listed([...new Set(keys.map(({ name }) => name))]);
    const message = `${dotenv.path} is in the container of ${view.service.name} and holds ${names}, which ${use.name} loads and does not declare, so it stops with \`Extra inputs are not permitted\``;
    const evidence = [
      { at: loadedAt, says: `${use.name} loads ${file}` },
      { at: broughtAt, says: `${dotenv.path} gets into the container here` },
      ...keys.map(({ name, at }) => ({
        at: { ...at, end: at.start + name.length },
        says: `${use.name} has no field for ${name}`,
      })),
      { at: use.at, says: `${use.name} is made here, when the process starts` },
    ];
    const finding = { message, at: loadedAt, evidence };
    const title = `Let ${use.name} ignore what it does not declare`;
    const manual = (advice: string): Finding => ({ ...finding, fix: { title, safety: 'manual', changes: [] }, advice });
    if (extra !== undefined)
      return manual(
        `${use.name} forbids extra keys by its own word: declare ${names}, move ${keys.length > 1 ? 'them' : 'it'} to another file, or set extra="ignore".`,
      );
    const near = keys.flatMap(({ name }) =>
      declared.filter((each) => isNear(shown(name), shown(each))).map((each) => `${name} looks like ${shown(each)}`),
    );
    if (near.length > 0) return manual(`${near[0]}: name it so in ${dotenv.path}, or set extra="ignore".`);
    const changes = ignoring(use);
    return changes
      ? { ...finding, fix: { title, safety: 'review', changes } }
      : manual('Set extra="ignore" in its configuration.');
  }
  return undefined;
}

/** `extra="ignore"` behind the other settings of the class that names the file. */
function ignoring({ chain }: SettingsUse): readonly Edit[] | undefined {
  for (const { module, of } of chain) {
    const { path, text } = module;
    const insert = (start: number, added: string): Edit => ({ path, start, end: start, text: added });
    const config = module.assignments.find(({ target, scope }) => target === 'model_config' && scope === of.qualified);
    const call = module.calls.find(({ at }) => at.start === config?.value?.at.start);
    const last = call?.args.at(-1);
    const quote = text.slice(of.at.start, of.at.end).includes('"') ? '"' : "'";
    const setting = `extra=${quote}ignore${quote}`;
    if (last) {
      const isAlone =
        text.slice(lineStart(text, last.at.start), last.at.start).trim() === '' &&
        /^[ \t]*,?[ \t]*(?:#.*)?$/.test(text.slice(last.at.end, lineContentEnd(text, last.at.end)));
      if (!isAlone) return [insert(last.at.end, `, ${setting}`)];
      const hasComma = /^[ \t]*,/.test(text.slice(last.at.end));
      const line = `${indentAt(text, last.at.start)}${setting}${hasComma ? ',' : ''}${eolOf(text)}`;
      return [...(hasComma ? [] : [insert(last.at.end, ',')]), insert(lineEnd(text, last.at.end), line)];
    }
    const inner = module.assignments.find(
      ({ target, scope }) => target === 'env_file' && scope === `${of.qualified}.Config`,
    );
    const lines = inner && module.statements[inner.statement]?.lines;
    if (inner && lines) {
      const line = `${indentAt(text, inner.at.start)}${setting.replace('=', ' = ')}`;
      return [
        text[lines.end - 1] === '\n'
          ? insert(lines.end, `${line}${eolOf(text)}`)
          : insert(lines.end, `${eolOf(text)}${line}`),
      ];
    }
    if (config) return undefined;
  }
  return undefined;
}
