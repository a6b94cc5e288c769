import type { LogLine } from './types.ts';

/** Colours, cursor movements and titles: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,512}(?:\u0007|\u001b\\)|[@-Z\\-_])|\u001b|\u0008/g;
/** The same when the copy lost the escape character. */
const BARE_COLOURS = /(?:\^\[)?\[\d{1,3}(?:;\d{1,3}){0,4}m/g;
const STAMP = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)[ \t]/;
/** `May  1 12:00:00 host dockerd[123]: ` */
const SYSLOG = /^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,80} [\w./-]{1,60}(?:\[\d+\])?: /;
/** `web_1  | ` of Compose v1, `web-1  | ` of v2. A name never begins with a blank, as BuildKit's excerpt of a Dockerfile does. */
const SERVICE = /^([A-Za-z\d][\w.-]{0,100}) *\| ?/;
/** `#12 3.456 `, `#12 `, and `3.456 ` in BuildKit's summary of a failed step. */
const STEP = /^#(\d+) (?:\d+\.\d+ )?/;
const STEP_TIME = /^(?:#\d+ )?\d+\.\d{1,3} (?=\S)/;
/** `[web builder 3/7] RUN …`, `[builder 3/7] …`, `[internal] …` */
const STAGE = /^(?:=> |> |ERROR |CACHED |CANCELED |#\d+ )*\[(?!internal\b|stage-\d)([A-Za-z][\w.-]*)\b[^\]]{0,80}\]/;
const TERMINAL = /^ {0,3}=> (?:=> )?(?:# )?/;
const LOGRUS = /^time="[^"]*" level=\w+ msg="((?:[^"\\]|\\.)*)"/;
/** `docker compose build` tells whose build it is before it prints. */
const BUILDING = /^Building ([\w.-]+)$/;

/** Takes the prefixes from the lines of one log. It remembers which build step belongs to which service. */
export function normaliser(): (line: string) => LogLine {
  const steps = new Map<string, string>();
  let block: string | undefined;
  return (line) => {
    let text = line.includes('\u001b') || line.includes('\u0008') ? line.replace(ESCAPES, '') : line;
    if (text.includes('m')) text = text.replace(BARE_COLOURS, '');
    text = text
      .trimEnd()
      .replace(/^\ufeff/, '')
      .replace(STAMP, '')
      .replace(SYSLOG, '');
    text = unwrapped(text);
    const service = SERVICE.exec(text);
    if (service) return { text: unwrapped(text.slice(service[0].length).replace(STAMP, '')), source: service[1] };
    const step = STEP.exec(text);
    if (step) {
      const rest = text.slice(step[0].length);
      const stage = STAGE.exec(rest)?.[1];
      // A long log has many builds; only the steps of the last ones matter.
      if (steps.size > 2000) steps.clear();
      if (stage !== undefined) steps.set(step[1] ?? '', stage);
      return { text: rest, source: steps.get(step[1] ?? '') };
    }
    const building = BUILDING.exec(text)?.[1];
    if (building !== undefined) block = building;
    const bare = text.replace(TERMINAL, '');
    const stage = STAGE.exec(bare.trimStart())?.[1];
    if (/^ *(?:=> )?(?:ERROR )?> \[/.test(text)) block = stage;
    else if (/^-{4,}$/.test(text)) block = block !== undefined && stage === undefined ? block : undefined;
    if (stage !== undefined && bare !== text) return { text: bare.replace(STEP_TIME, ''), source: stage };
    return { text: bare.replace(STEP_TIME, ''), source: block };
  };
}

/** The message inside of what a logging driver or the engine's own log puts around it. */
function unwrapped(text: string): string {
  if (text.startsWith('{"log":')) {
    const log = /^\{"log":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    return log === undefined ? text : unescaped(log).trimEnd();
  }
  const message = text.startsWith('time="') ? LOGRUS.exec(text)?.[1] : undefined;
  return message === undefined ? text : unescaped(message);
}

const unescaped = (text: string): string =>
  text.replace(/\\(u[\da-f]{4}|.)/gi, (_whole, code: string) =>
    code === 'n'
      ? '\n'
      : code === 't'
        ? '\t'
        : code.length > 1
          ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
          : code,
  );
