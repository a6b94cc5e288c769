/** Prints the patch of fixtures/repos/<name> for review: `npm run --silent expected -- <name>`. */
import { join } from 'node:path';
import { pythonWasm } from '../src/assets.ts';
import { diffBytes } from '../src/output/diff.ts';
import { loadPython } from '../src/parse/python.ts';
import { run } from '../src/pipeline/run.ts';
import { scan } from '../src/repo/disk.ts';
import { selectTransforms } from '../src/selection.ts';
import { transforms } from '../transforms/index.ts';

const [name = ''] = process.argv.slice(2);
await loadPython(pythonWasm());
const chosen = selectTransforms(transforms, { only: [], skip: [], groups: [] });
const result = run(scan(join('fixtures', 'repos', name, 'before')), chosen, {
  allow: new Set(['safe', 'review']),
  named: new Set(),
});
process.stdout.write(diffBytes(result.before, result.after));
