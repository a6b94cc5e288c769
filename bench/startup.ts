/** How long the program takes to start, as medians of 11 runs beside `node -e 0`. Prints; never fails on a number. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 11;
const repository = mkdtempSync(join(tmpdir(), 'dockfix-bench-'));
cpSync('fixtures/repos/analylit-repair-plan/before', repository, { recursive: true });
const bin = join('dist', 'bin.cjs');

const calls: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'dockfix --version': [bin, '--version'],
  'dockfix --help': [bin, '--help'],
  'dockfix apply --dry-run': [bin, 'apply', '--dry-run', repository],
};
const samples = new Map(Object.keys(calls).map((name) => [name, [] as number[]]));

// Turn by turn, so that a slow moment of the machine meets every call alike.
for (let round = 0; round <= RUNS; round += 1)
  for (const [name, argv] of Object.entries(calls)) {
    const start = process.hrtime.bigint();
    spawnSync(process.execPath, argv, { stdio: 'ignore' });
    // The first round only warms the file cache.
    if (round > 0) samples.get(name)?.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
rmSync(repository, { recursive: true });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const base = median(samples.get('node -e 0') ?? []);
for (const [name, values] of samples) {
  const own = median(values);
  process.stdout.write(
    `${name.padEnd(26)}${own.toFixed(1).padStart(8)} ms   +${(own - base).toFixed(1)} ms   x${(own / base).toFixed(2)}\n`,
  );
}
process.stdout.write('Goals: --version at most x1.30; apply --dry-run at most +150 ms.\n');
