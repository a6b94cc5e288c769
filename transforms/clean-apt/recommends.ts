import type { Edit, Finding } from '../../src/finding.ts';
import { eolOf, indentAt } from '../../src/lines.ts';
import { type AptCommand, aptCommands, packageName, runScript } from '../../src/model/image/apt.ts';
import { imageTag } from '../../src/model/image/base-image.ts';
import { brings, isKnown, neededBy } from '../../src/model/image/debian-packages.ts';
import { pythonOfBase } from '../../src/model/image/python-base.ts';
import type { Dockerfile } from '../../src/parse/dockerfile.ts';
import type { ShellWord } from '../../src/parse/shell.ts';
import type { Scene } from './scene.ts';

/** Installs that take recommended packages along, of packages that are known to work without them. */
export function* recommended(scene: Scene): Iterable<Finding> {
  if (isDecided(scene)) return;
  for (const apt of aptCommands(scene.script)) {
    const finding = apt.verb?.text === 'install' ? judge(scene, apt) : undefined;
    if (finding) yield finding;
  }
}

/** apt's own configuration says already what happens to recommended packages. */
const isDecided = ({ image }: Scene): boolean =>
  image.layers.some(({ instruction: { keyword, at }, dockerfile }) => {
    const text = dockerfile.text.slice(at.start, at.end);
    return (
      /APT::Install-|Install-(?:Recommends|Suggests)\s+["']/i.test(text) ||
      (/^(?:COPY|ADD)$/.test(keyword) && /apt\.conf/.test(text))
    );
  });

/** git over ssh needs openssh-client, which git recommends. */
function needsSsh({ stack, dockerfile }: Scene, names: readonly string[]): boolean {
  if (!names.includes('git') || names.includes('openssh-client')) return false;
  const manifests = stack.repo.paths.filter((path) =>
    /(?:^|\/)(?:requirements[\w.-]*\.txt|package(?:-lock)?\.json|pyproject\.toml|Pipfile|\.gitmodules)$/.test(path),
  );
  return [dockerfile.text, ...manifests.map((path) => stack.repo.read(path) ?? '')].some((text) =>
    /git@|ssh:\/\//.test(text),
  );
}

function judge(scene: Scene, apt: AptCommand): Finding | undefined {
  const { dockerfile, image, instruction } = scene;
  const { verb, packages, options, command } = apt;
  if (!verb || packages.length === 0 || options.some(({ text }) => /recommends|suggests|^-f$|fix-broken/i.test(text)))
    return undefined;
  if (packages.some((word) => !word.literal || !isKnown(packageName(word)))) return undefined;
  if (needsSsh(scene, packages.map(packageName))) return undefined;
  const present = new Set(
    image.layers
      .filter((layer) => layer.instruction.at.start <= instruction.at.start || layer.dockerfile !== dockerfile)
      .flatMap((layer) => {
        const script = runScript(layer.instruction);
        return script ? aptCommands(script).flatMap((each) => each.packages.map(packageName)) : [];
      }),
  );
  const missing = packages.flatMap((word) => {
    const need = neededBy(packageName(word));
    const there = need && ([...present].some((name) => brings(name, need.name)) || inBase(image.base, need.name));
    return need && !there ? [{ ...need, word }] : [];
  });
  const added = missing.filter(({ name }, index) => missing.findIndex((each) => each.name === name) === index);
  const last = options.filter(({ at }) => at.start > verb.at.start && at.end < (packages[0]?.at.start ?? 0)).at(-1);
  const place = last ?? verb;
  const { path } = dockerfile;
  const flag: Edit = { path, start: place.at.end, end: place.at.end, text: ' --no-install-recommends' };
  const names = added.map(({ name }) => name).join(' and ');
  return {
    message: `This installs the packages that Debian recommends beside those that are named, so the image holds programs that nothing asked for`,
    at: command.at,
    evidence: [
      {
        at: command.at,
        says: `apt installs what ${packages.map(packageName).join(', ')} recommend${packages.length === 1 ? 's' : ''} too`,
      },
      ...added.map(({ word, why }) => ({ at: word.at, says: why })),
    ],
    fix: {
      title:
        added.length > 0
          ? `Install without recommended packages, and name ${names}`
          : 'Install without recommended packages',
      safety: 'review',
      changes: [flag, ...added.map(({ name, word }) => naming(dockerfile, packages, word, name))],
    },
  };
}

/** What official images have in them: https://github.com/docker-library/python and buildpack-deps */
const inBase = (base: string | undefined, name: string): boolean => {
  if (base === undefined) return false;
  const python = pythonOfBase(base);
  if (python !== undefined && python.prefix === '/usr/local' && !/\//.test(base) && name === 'ca-certificates')
    return true;
  const official = /^(?:python|node|ruby|golang|buildpack-deps)(?::|$)/.test(base);
  return official && !/slim|alpine|curl|scm/.test(imageTag(base));
};

/** Names one more package behind the one that needs it, on a line of its own where the others have one. */
function naming({ path, text }: Dockerfile, packages: readonly ShellWord[], word: ShellWord, name: string): Edit {
  const index = packages.indexOf(word);
  const gap = (before: ShellWord | undefined, after: ShellWord | undefined): boolean =>
    before !== undefined && after !== undefined && text.slice(before.at.end, after.at.start).includes('\n');
  const previous = packages[index - 1];
  const next = packages[index + 1];
  const isOnOwnLine = gap(previous, word) || (previous === undefined && gap(word, next));
  const { end } = word.at;
  const indent = indentAt(text, (gap(previous, word) ? word : (next ?? word)).at.start);
  return { path, start: end, end, text: isOnOwnLine ? ` \\${eolOf(text)}${indent}${name}` : ` ${name}` };
}
