import { tellingLine } from './log.ts';

/** A step of a build, as BuildKit's plain progress tells it. */
export interface BuildStep {
  readonly number: string;
  /** `RUN pip install …`, without the `[stage 3/7]` before it. */
  readonly text: string;
  readonly cached: boolean;
  /** It ran, or runs. */
  readonly worked: boolean;
}

const NAMED = /^#(\d+) (?:\[[^\]]*\] )((?:RUN|COPY|ADD|WORKDIR|FROM)\b.*)$/i;
const INSTALL =
  /\b(?:pip3?|uv|poetry|pipenv|pdm|conda|mamba|npm|pnpm|yarn|bun|bundle|composer|cargo|mix|dotnet)\b[^|;]*?\b(?:install|ci|sync|add|i|fetch|restore|deps\.get)\b|\byarn\s*(?:$|&&|--)|\bgo mod download\b/;
const NETWORK =
  /no such host|dial tcp|i\/o timeout|connection refused|connection reset|TLS handshake|network is unreachable|Client\.Timeout|server misbehaving|temporary failure in name resolution|toomanyrequests|x509:/i;
const PULL = /load metadata for|failed to resolve (?:source metadata|reference)|failed to do request|registry|\/v2\//i;

/** What older engines wrap around the reason. */
const NOISE =
  /rpc error: code = \w+ desc = |failed to solve with frontend [\w.]+: |(?<=open )\/\S*\/buildkit-mount\d+\//g;

/** The steps of a build's plain progress, in order of their numbers. */
export function buildSteps(output: string): readonly BuildStep[] {
  const steps = new Map<string, BuildStep>();
  for (const line of output.split(/\r?\n/)) {
    const named = NAMED.exec(line);
    if (named?.[1] && !steps.has(named[1]))
      steps.set(named[1], { number: named[1], text: named[2] ?? '', cached: false, worked: false });
    const [, number = '', rest = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
    const step = steps.get(number);
    if (!step || named) continue;
    if (rest === 'CACHED') steps.set(number, { ...step, cached: true });
    else if (/^(?:\d+\.\d+ |DONE )/.test(rest)) steps.set(number, { ...step, worked: !step.cached });
  }
  return [...steps.values()];
}

/** True for a step that installs what a manifest lists. */
export const isInstallStep = ({ text }: BuildStep): boolean => /^RUN\b/i.test(text) && INSTALL.test(text);

/** Whether the install layers were taken from the cache; `undefined` when there is none, or not enough was printed yet. */
export function installCached(steps: readonly BuildStep[]): boolean | undefined {
  const installs = steps.filter(isInstallStep);
  if (installs.some(({ worked }) => worked)) return false;
  return installs.length > 0 && installs.every(({ cached }) => cached) ? true : undefined;
}

/** True when some file of the build context was copied anew. */
export const copiedAnew = (steps: readonly BuildStep[]): boolean =>
  steps.some(({ text, cached }) => /^(?:COPY|ADD)\b/i.test(text) && !cached);

/** True when a pull or a build failed only because the registry could not be reached. */
export const isOutOfReach = (output: string): boolean => NETWORK.test(output) && PULL.test(output);

/** The line of a failed build that says why. */
export function buildFailure(output: string): string | undefined {
  const lines = output.split(/\r?\n/).map((line) => line.trim());
  const solve = lines.findLast((line) =>
    /failed to solve|failed to read dockerfile|failed to compute cache key/.test(line),
  );
  const process = /process "(.*)" did not complete successfully: exit code: \d+/.exec(solve ?? '');
  if (solve !== undefined && !process) return solve.replace(NOISE, '');
  // What the failed command itself printed says more than its exit code.
  const printed = lines.flatMap((line) => /^#\d+ \d+\.\d+ (.*)$/.exec(line)?.[1] ?? []).join('\n');
  const told = tellingLine(printed);
  if (process) return told === undefined ? process[0] : `${told} (${process[0]})`;
  return tellingLine(lines.filter((line) => !/level=warning/.test(line)).join('\n'));
}
