import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser that `CHROMIUM` names, else the first of PATH. Throws with what to do where there is none. */
export function chromiumPath(env: Readonly<Record<string, string | undefined>>): string {
  const candidates = env['CHROMIUM']
    ? [env['CHROMIUM']]
    : (env['PATH'] ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    `The tests of the HTML report need Chromium: ${env['CHROMIUM'] ? `CHROMIUM=${env['CHROMIUM']} is no program` : `there is no ${NAMES.join(' or ')} in PATH`}. Install it (apt-get install chromium), or set CHROMIUM to its path.`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the browser. Its sandbox cannot be used by root. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath(process.env),
    args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : [],
  });
