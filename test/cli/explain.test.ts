import { describe, expect, test } from 'vitest';
import { treeOf } from '../harness.ts';
import { dockfix, folderWith, gitRepository } from './program.ts';

const NO_ENV = {};
const HANDOFF = 'fixtures/repos/fastapi-poetry-handoff/before';
const PIPELINE = 'fixtures/repos/mppeep-pipeline/before';

/** What stdout says of one finding; nothing else is said, and nothing is written. */
function explained(selector: string, folder: string): string {
  const start = treeOf(folder);
  const { status, stdout, stderr } = dockfix(['explain', '--finding', selector, folder], folder, NO_ENV);
  expect([status, stderr]).toEqual([0, '']);
  expect(treeOf(folder)).toEqual(start);
  return stdout.toString();
}

describe('explain --finding', () => {
  const handoff = gitRepository(HANDOFF);
  const pipeline = gitRepository(PIPELINE);

  test('shows the whole chain: the mount, the environment, the PATH, and the program that is not found', () => {
    const text = explained('unmask-dependencies', handoff);
    expect(text.match(/^ {2}\d\. \S+/gm)).toEqual([
      '  1. docker-compose.yml:31',
      '  2. backend/Dockerfile:20',
      '  3. backend/Dockerfile:32',
      '  4. backend/pyproject.toml:11',
      '  5. docker-compose.yml:36',
      '  6. backend/Dockerfile:24',
    ]);
    for (const line of [
      '     > 31 |     command: uvicorn main:app --host 0.0.0.0 --port 8000 --reload',
      '     > 20 | RUN poetry install --no-interaction --no-ansi --no-root',
      '     > 36 |       - ./backend:/app',
      '       35 |     volumes:',
      'uvicorn is looked for on the PATH',
      'exec: "uvicorn": executable file not found in $PATH',
      'outside the mount [review]',
      '+COPY --from=builder --chown=appuser:appgroup /opt/venv /opt/venv',
    ])
      expect(text).toContain(line);
    expect(text.indexOf('\nWhy\n')).toBeLessThan(text.indexOf('\nSo\n'));
    expect(text.indexOf('\nSo\n')).toBeLessThan(text.indexOf('\nRepair\n'));
  });

  test('says where the lines come from when an earlier repair moved them', () => {
    const note = /lines of .*backend\/Dockerfile.* earlier repairs/;
    expect(explained('unmask-dependencies', handoff)).toMatch(note);
    expect(explained('copy-from-stage', handoff)).not.toMatch(note);
  });

  test('takes a number, a transform, a path and a line; the numbers are those of apply', () => {
    const { findings } = JSON.parse(dockfix(['apply', '--format', 'json'], pipeline, NO_ENV).stdout.toString()) as {
      findings: { transform: string; message: string; at: { path: string; start: { line: number } } }[];
    };
    expect(findings.length).toBeGreaterThan(5);
    for (const index of [0, findings.length - 1]) {
      const found = findings[index];
      const text = explained(String(index + 1), pipeline);
      expect(text).toContain(`finding ${index + 1}, ${found?.at.path}:${found?.at.start.line}\n`);
      expect(text.startsWith(`${found?.transform}  `)).toBe(true);
      expect(text).toContain(found?.message);
    }
    const byLine = explained('use-env-values:docker-compose.prod.yml:27', pipeline);
    expect(byLine).toContain('APP_NAME');
    expect(explained('use-env-values:./docker-compose.prod.yml:27', pipeline)).toBe(byLine);
    expect(explained('use-service-hosts:app/core/config.py', pipeline)).toContain('REDIS_URL');
    // No finding stands there, but the proof of one does.
    expect(explained('fix-build-paths:deploy/nginx/nginx.conf', pipeline)).toContain('Mount deploy/nginx/nginx.conf');
  });

  test('shows the diff of this repair alone', () => {
    const diff = explained('split-copy', pipeline).match(/^diff --git .*$/gm);
    expect(diff).toEqual(['diff --git a/Dockerfile.prod b/Dockerfile.prod']);
  });

  test.each<[string, string, RegExp, RegExp]>([
    ['a number that is too high', '99', /^error: No finding is "99"$/m, /^ {4}1 {2}fix-build-paths:/m],
    ['several findings', 'use-env-values', /^error: \d+ findings are "use-env-values"$/m, /use-env-values:.*:27 /],
    ['another place', 'split-copy:README.md:1', /^error: No finding is /m, /split-copy:Dockerfile\.prod:13/],
    ['a transform without findings', 'remove-migrator', /^error: remove-migrator finds nothing here$/m, /split-copy/],
    ['an unknown transform', 'split-copi:x', /^error: There is no transform "split-copi"$/m, /split-copy/],
    ['nothing', '', /^error: There is no transform ""$/m, /dockfix list/],
  ])('%s is refused, with what there is', (_, selector, says, lists) => {
    const { status, stdout, stderr } = dockfix(['explain', '--finding', selector], pipeline, NO_ENV);
    expect([status, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^hint: \S/m);
    expect(stderr).toMatch(lists);
  });

  test('a repository without findings, and a folder without one, are refused', () => {
    const fine = folderWith({ Dockerfile: 'FROM nginx:1.27\n' });
    expect(dockfix(['explain', '--finding', '1'], fine, NO_ENV).stderr).toMatch(/^error: There are no findings/);
    expect(dockfix(['explain', '--finding', '1'], folderWith({}), NO_ENV).status).toBe(2);
    expect(dockfix(['explain'], fine, NO_ENV).stderr).toMatch(/^error: Nothing was named.*\nhint: .+\n$/);
  });
});
