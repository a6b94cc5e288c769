import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { diffBytes } from '../../src/output/diff.ts';
import { Repo } from '../../src/repo/repo.ts';

const SECRET = 'POSTGRES_PASSWORD=Planted-9f2c';
const folder = mkdtempSync(join(tmpdir(), 'dockfix-context-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = fc.constantFrom('a=1', 'b=2', 'c=3', SECRET, '# end');
const lines = fc.array(line, { minLength: 1, maxLength: 12 });
/** Where lines go away and which come instead, never a secret. */
const changes = fc.array(fc.tuple(fc.nat(12), fc.nat(2), fc.array(fc.constantFrom('x=8', 'y=9'), { maxLength: 2 })), {
  maxLength: 4,
});

/** Secrets on context lines that do not stand directly behind a change. */
function needless(patch: string): readonly string[] {
  const rows = patch.split('\n');
  if (rows.some((row) => row.startsWith('@@ -1 +1,'))) return [];
  return rows.filter((row, index) => row === ` ${SECRET}` && !/^[-+\\]/.test(rows[index - 1] ?? ''));
}

test('a patch without the context that holds secrets still applies, and shows none that it need not show', () => {
  fc.assert(
    fc.property(lines, changes, fc.boolean(), (before, edits, final) => {
      const after: string[] = [...before];
      for (const [at, gone, added] of edits) after.splice(Math.min(at, after.length), gone, ...added);
      const end = final ? '\n' : '';
      const [old, next] = [before.join('\n') + end, after.length === 0 ? '' : after.join('\n') + end];
      if (old === next) return;
      const repo = Repo.of({ '.env': old });
      const snapshot = repo.with(new Map([['.env', { text: next, encoding: 'utf8', mode: 0o644 }]]));
      const patch = Buffer.from(diffBytes(repo, snapshot));
      writeFileSync(join(folder, '.env'), old);
      const { status, stderr } = spawnSync('git', ['apply', '-'], {
        cwd: folder,
        input: patch,
        env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
      });
      expect(stderr.toString() + patch.toString().repeat(status ? 1 : 0)).toBe('');
      expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(next);
      expect(needless(patch.toString())).toEqual([]);
      // A last line without a newline changes when something follows it.
      if (final) expect(patch.toString()).not.toContain(`+${SECRET}`);
    }),
    { numRuns: 250 },
  );
});
