import { execFileSync } from 'node:child_process';

/** Builds dist/ once before the tests, because the command-line tests run the built program. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/run.mjs', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
