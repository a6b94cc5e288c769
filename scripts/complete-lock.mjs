// Adds to package-lock.json the builds for other platforms that a partial registry mirror does not serve: npm leaves them
// out there, and then `npm ci` refuses the lock everywhere. Run after every change of dependencies: `npm run lock`.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = /(?:^|[-/@])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|wasi)(?=$|-)/;
const CPU = /(?:^|-)(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64|wasm32)(?=$|-)/;

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const entries = Object.entries(lock.packages);
for (const [path, entry] of entries)
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((key) => lock.packages[key]);
    if (found || !/^\d/.test(version)) continue;
    const os = OS.exec(name)?.[1];
    const cpu = CPU.exec(name)?.[1];
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(entry.dev && { dev: true }),
      ...(/musl/.test(name) ? { libc: ['musl'] } : /-gnu/.test(name) ? { libc: ['glibc'] } : {}),
      optional: true,
      ...(os && os !== 'wasi' && { os: [os] }),
    };
    if (!os && !cpu) throw new Error(`${name} names no platform`);
    process.stdout.write(`added ${name} ${version}\n`);
  }
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  'package-lock.json',
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`,
);
