// Writes dist/cli.cache: what V8 has compiled of cli.cjs once it has repaired some repositories. Run by scripts/build.ts.
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { join, resolve } = require('node:path');
const v8 = require('node:v8');
const { Script } = require('node:vm');

// A cache holds for the flags that it was made with; users start without any.
v8.setFlagsFromString = () => {};

const dist = resolve('dist');
const filename = join(dist, 'cli.cjs');
const script = new Script(wrap(readFileSync(filename, 'utf8')), { filename });
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, createRequire(filename), module_, filename, dist);

const silent = { isTTY: false, write: () => {} };
const repos = resolve('fixtures', 'repos');
const calls = readdirSync(repos).map((name) => ['apply', join(repos, name, 'before')]);
const run = (argv) => module_.exports.main({ argv, cwd: process.cwd(), env: {}, stdout: silent, stderr: silent });
calls
  .reduce((done, argv) => done.then(() => run(argv)), Promise.resolve())
  .then(() => writeFileSync(join(dist, 'cli.cache'), script.createCachedData()));
