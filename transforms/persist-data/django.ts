import type { Finding } from '../../src/finding.ts';
import { startingCode } from '../../src/model/env/start.ts';
import { isTestService } from '../../src/model/of-tests.ts';
import type { Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { opensDatabase } from '../../src/model/store/database-use.ts';
import { folderOf, joinContainer } from '../../src/repo/path.ts';

/** `"NAME": BASE_DIR / "db.sqlite3"`, as startproject writes it; also with os.path.join. */
const NAME =
  /["']NAME["']\s*:\s*(?:str\()?\s*(?:BASE_DIR\s*\/\s*["']([\w.-]+)["']|os\.path\.join\(\s*BASE_DIR\s*,\s*["']([\w.-]+)["'])/;

const BASE_DIR =
  /BASE_DIR\s*=\s*(?:Path\(__file__\)\.resolve\(\)\.parent\.parent\b(?!\.parent)|os\.path\.dirname\(os\.path\.dirname\(os\.path\.abspath\(__file__\)\)\))/;

/** Django's own default: an SQLite file beside manage.py, which is in no volume. The settings are a person's to change. */
export function* djangoFindings(stack: Stack, service: Service): Iterable<Finding> {
  const view = stack.view(service);
  const { image, container } = view;
  if (!image || container.workdir === undefined || isTestService(service) || service.parts.has('tmpfs')) return;
  if (opensDatabase(view) !== 'yes') return;
  for (const module of startingCode(stack, view)?.modules ?? []) {
    const text = stack.repo.read(module.path) ?? '';
    const [, joined, divided] = /django\.db\.backends\.sqlite3/.test(text) ? (NAME.exec(text) ?? []) : [];
    const name = joined ?? divided;
    if (name === undefined || /environ|getenv|\benv\b|config\(/.test(text.slice(text.indexOf('DATABASES')))) continue;
    const base = baseDirOf(stack, view, module.path);
    if (base === undefined) continue;
    const file = joinContainer(base, name);
    if (container.mountOver(file) || container.fileAt(file).kind === 'repo') continue;
    const start = text.search(NAME);
    const at = { path: module.path, start, end: start + 6 };
    yield {
      message: `${service.name} keeps its SQLite database (${file}) in the container itself: the next container begins with no data.`,
      at,
      evidence: [
        { at, says: `the settings put ${name} beside manage.py` },
        { at: service.at, says: `${service.name} mounts nothing over ${file}` },
      ],
      fix: { title: `Keep ${name} in a named volume`, safety: 'manual', changes: [] },
      advice: `Let the settings take the place from the environment ("NAME": os.environ.get("SQLITE_PATH", BASE_DIR / "${name}")), set SQLITE_PATH: /data/${name}, and mount a named volume on /data in every service that uses it. A volume on ${folderOf(file)} would hide the code.`,
    };
  }
}

/** Where BASE_DIR is in the container. Only startproject's layout, with the settings one folder below it, tells. */
export function baseDirOf(stack: Stack, view: ServiceView, path: string): string | undefined {
  const [place] = view.image?.placesOf(path) ?? [];
  return place !== undefined && BASE_DIR.test(stack.repo.read(path) ?? '') ? folderOf(folderOf(place)) : undefined;
}
