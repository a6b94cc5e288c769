import type { Finding } from '../../src/finding.ts';
import { aptCommands, runScript } from '../../src/model/image/apt.ts';
import { isMounted, readsLists, type Scene } from './scene.ts';

/** `RUN apt-get update` alone: its layer comes from the cache for months, and the installs below it use its old lists. */
export function loneUpdate(scene: Scene): readonly Finding[] | undefined {
  const { script, image, instruction, dockerfile } = scene;
  const [update] = aptCommands(script);
  if (script.commands.length !== 1 || update?.verb?.text !== 'update' || isMounted(instruction)) return undefined;
  const all = image.stage.instructions;
  const next = all[all.indexOf(instruction) + 1];
  const users = all.slice(all.indexOf(instruction) + 1).filter((each) => readsLists(scene, each));
  const [user] = users;
  if (!user) return [];
  const finding = {
    message:
      '`apt-get update` stands in a layer of its own, which stays in the build cache, so a later install asks for packages that the mirror no longer has ("404 Not Found … Unable to fetch some archives")',
    at: instruction.at,
    evidence: [
      { at: instruction.at, says: 'the lists are fetched here, once' },
      { at: user.at, says: 'this installs from them, whenever it is built' },
    ],
  };
  const title = 'Fetch the package lists in the layer that installs';
  const following = next === user && users.length === 1 && !isMounted(user) ? joined(scene, user) : undefined;
  if (following === undefined)
    return [
      {
        ...finding,
        fix: { title, safety: 'manual', changes: [] },
        advice: 'Write `apt-get update && ` in front of each install, and take this instruction away.',
      },
    ];
  const { path } = dockerfile;
  return [{ ...finding, fix: { title, safety: 'safe', changes: [{ path, ...following, text: ' && ' }] } }];
}

/** What stands between the two commands when both are plain RUNs, one directly below the other. */
function joined(
  { instruction, dockerfile }: Scene,
  user: Scene['instruction'],
): { readonly start: number; readonly end: number } | undefined {
  const script = runScript(user);
  const first = script?.commands[0];
  const isPlain =
    user.heredocs.length === 0 &&
    user.flags.length === 0 &&
    instruction.flags.length === 0 &&
    instruction.heredocs.length === 0;
  // What follows on the line may be a comment of the shell.
  const isWhole = runScript(instruction)?.commands[0]?.at.end === instruction.at.end;
  if (!isPlain || !isWhole || !first || first.within.length > 0) return undefined;
  const or = script.commands.some(({ joinedBy, within }) => joinedBy === '||' && within.length === 0);
  const semicolon = script.commands.slice(1).some(({ joinedBy, within }) => joinedBy === ';' && within.length === 0);
  const between = dockerfile.text.slice(instruction.at.end, user.args.start);
  const isNext = /^[ \t]*\r?\n[ \t]*RUN[ \t]+$/i.test(between);
  return isNext && !or && !semicolon && first.at.start === user.args.start
    ? { start: instruction.at.end, end: user.args.start }
    : undefined;
}
