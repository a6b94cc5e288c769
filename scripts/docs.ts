/** Writes what the documentation can take from the fixtures: each transform's example and the README's table. `--check` only compares. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonWasm } from '../src/assets.ts';
import { appliedOutcomes, changedFiles } from '../src/output/changed-files.ts';
import { diff } from '../src/output/diff.ts';
import { loadPython } from '../src/parse/python.ts';
import { type Run, type RunOptions, run } from '../src/pipeline/run.ts';
import { scan } from '../src/repo/disk.ts';
import { selectTransforms } from '../src/selection.ts';
import type { Transform } from '../src/transform.ts';
import { transforms } from '../transforms/index.ts';

const check = process.argv.includes('--check');
const ALLOW: RunOptions = { allow: new Set(['safe', 'review']), named: new Set() };
const wrong: string[] = [];

await loadPython(pythonWasm());
const rows = transforms.map((transform) => {
  const folder = join('fixtures', 'transforms', transform.id);
  const cases = existsSync(folder) ? readdirSync(folder) : [];
  const runs = new Map(cases.map((name) => [name, runOn(join(folder, name, 'before'), transform)]));
  const basic = runs.get('basic');
  if (basic) update(join('transforms', transform.id, 'README.md'), 'example', fenced(diff(basic.before, basic.after)));
  else wrong.push(`${folder}/basic is missing`);
  return tableRow(transform, [...runs.values()]);
});
update(
  'README.md',
  'transforms',
  ['| transform | what it does | safety | files |', '|---|---|---|---|', ...rows].join('\n'),
);

const repairs = selectTransforms(transforms, { only: [], skip: [], groups: [] });
const demo = run(scan(join('fixtures', 'repos', 'analylit-gunicorn-init', 'before')), repairs, ALLOW);
update('README.md', 'demo', fenced(diff(demo.before, demo.after)));

if (wrong.length > 0) {
  process.stderr.write(
    `The documentation is not as the fixtures say; run npm run docs:\n${wrong.map((line) => `  ${line}\n`).join('')}`,
  );
  process.exitCode = 1;
}

function fenced(patch: string): string {
  return `\`\`\`diff\n${patch}\`\`\``;
}

function runOn(before: string, transform: Transform): Run {
  return run(scan(before), [transform], ALLOW);
}

function tableRow({ id, group, summary }: Transform, runs: readonly Run[]): string {
  const safeties = runs.flatMap(appliedOutcomes).flatMap((outcome) => outcome.finding.fix?.safety ?? []);
  const files = runs.flatMap(changedFiles).map(({ path }) => kindOf(path));
  const unique = (words: readonly string[]): string => [...new Set(words)].sort().join(', ');
  const note = group === 'hygiene' ? ' (with `--group hygiene`)' : '';
  return `| [\`${id}\`](transforms/${id}/README.md)${note} | ${summary} | ${unique(safeties)} | ${unique(files)} |`;
}

function kindOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/dockerfile|containerfile/i.test(name)) return 'Dockerfile';
  if (/\.ya?ml$/.test(name)) return 'Compose';
  if (/\.py$/.test(name)) return 'Python';
  if (/\.sh$|^[a-z-]+$/.test(name)) return 'shell script';
  if (/\.env|^env/.test(name)) return 'env file';
  if (/\.txt$/.test(name)) return 'requirements';
  if (/\.[cm]?[jt]s$/.test(name)) return 'JavaScript';
  return name;
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function update(path: string, name: string, content: string): void {
  if (!existsSync(path)) {
    wrong.push(`${path} is missing`);
    return;
  }
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = readFileSync(path, 'utf8');
  const [start, end] = [before.indexOf(open), before.indexOf(close)];
  if (start < 0 || end < start) {
    wrong.push(`${path} has no ${open} and ${close}`);
    return;
  }
  const after = `${before.slice(0, start + open.length)}\n${content}\n${before.slice(end)}`;
  if (after === before) return;
  if (check) wrong.push(`${path} is out of date`);
  else writeFileSync(path, after);
}
