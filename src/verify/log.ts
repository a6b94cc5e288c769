/** Why a program ended, as its log tells it. */
const EXCEPTION = /^(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt|Exit|Failure|Fault|NotFound|Denied)\b(?::| \(|$)/;
const CAUSE =
  /\b(?:errors?|exceptions?|fatal|panic(?:ked)?|critical|cannot|can't|could not|failed|failure|refused|denied|not found|no such file|must be set|is required|missing|unable to|invalid|unknown|timed out)\b/i;
const STAMP = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) ?/;
const TRACEBACK = /Traceback \(most recent call last\)/;
const UNCAUGHT =
  /^(?:Uncaught |Unhandled|\[?UnhandledPromiseRejection|Exception in thread |panic: |thread '.*' panicked)/i;

/** The line of a log that says why not: the last exception, else the last line that speaks of an error, else the last one. */
export function tellingLine(log: string): string | undefined {
  const lines = log
    .split(/\r?\n/)
    .map((line) => line.replace(STAMP, '').trimEnd())
    .filter((line) => line.trim() !== '');
  const exception = lines.findLastIndex((line) => EXCEPTION.test(line));
  const cause = lines.findLastIndex((line) => CAUSE.test(line) && !/^\s+(?:at |File )/.test(line));
  return (lines[exception] ?? lines[cause] ?? lines.at(-1))?.trim();
}

/** The last error in a log that nobody caught; `undefined` when there is none. */
export function uncaughtError(log: string): string | undefined {
  const lines = log.split(/\r?\n/).map((line) => line.replace(STAMP, ''));
  const at = lines.findLastIndex((line) => TRACEBACK.test(line) || UNCAUGHT.test(line));
  const start = lines[at];
  if (start === undefined) return undefined;
  if (!TRACEBACK.test(start)) return start.trim();
  return lines
    .slice(at + 1)
    .find((line) => EXCEPTION.test(line.trim()))
    ?.trim();
}
