import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dockfix, folderWith } from './program.ts';

const STACK = resolve('fixtures', 'repos', 'mppeep-pipeline', 'before');
const base = mkdtempSync(join(tmpdir(), 'dockfix-alone-'));
afterAll(() => rmSync(base, { recursive: true }));

test('report --format html writes one page with drawings and diffs, the same on stdout and in a file', () => {
  const { status, stdout } = dockfix(['report', '--format', 'html', STACK], process.cwd(), {});
  expect(status).toBe(0);
  const page = stdout.toString();
  expect(page.startsWith('<!DOCTYPE html>\n')).toBe(true);
  expect(page.match(/<svg role="img"/g)).toHaveLength(2);
  expect(page).toMatch(/<div class="l ins">/);
  const folder = folderWith({});
  expect(dockfix(['report', '--format', 'html', '-o', 'report.html', STACK], folder, {}).status).toBe(0);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe(page);
});

test('apply needs no package beside the program, so that it loads none of those for HTML', () => {
  cpSync('dist', join(base, 'dist'), { recursive: true });
  cpSync('package.json', join(base, 'package.json'));
  const alone = (argv: readonly string[]) =>
    spawnSync(process.execPath, [join(base, 'dist', 'bin.cjs'), ...argv], {
      cwd: base,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
  const applied = alone(['apply', STACK]);
  expect(applied).toMatchObject({ status: 0, stdout: dockfix(['apply', STACK], base, {}).stdout.toString() });
  expect(alone(['report', STACK]).status).toBe(0);
  // The measure itself: with HTML the packages are missed.
  expect(alone(['report', '--format', 'html', STACK]).stderr).toMatch(
    /Cannot find (?:module|package) '(?:diff2html|@viz-js\/viz)/,
  );
});
