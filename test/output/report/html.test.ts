import { describe, expect, test } from 'vitest';
import { htmlReport } from '../../../src/output/report/html.ts';
import type { Report, ReportFile, ReportGraph } from '../../../src/output/report.ts';
import { hostileReport } from '../../browser/hostile-report.ts';

const NO_SERVICES: ReportGraph = { services: [], links: [] };

const reportWith = (more: Partial<Report>): Report => ({
  title: 'shop',
  problems: [],
  tasks: [],
  checks: [],
  before: NO_SERVICES,
  after: NO_SERVICES,
  files: [],
  notices: [],
  errors: [],
  ...more,
});

const edited = (diff: string): ReportFile => ({ path: 'compose.yml', kind: 'edited', diff, problems: [] });

const patch = (...lines: readonly string[]): string =>
  [
    'diff --git a/compose.yml b/compose.yml',
    '--- a/compose.yml',
    '+++ b/compose.yml',
    '@@ -1,3 +1,3 @@',
    ...lines,
    '',
  ].join('\n');

/** The lines of all diffs of a page: their kind, number and text, without markup. */
async function diffLines(diff: string): Promise<readonly string[]> {
  const page = await htmlReport(reportWith({ files: [edited(diff)] }));
  const lines = page.matchAll(/<div class="(?:l ([\w ]+)|(hunk))"[^>]*>(.*?)<\/div>/g);
  return [...lines].map(([, kind, hunk, text = '']) => `${kind ?? hunk}: ${text.replaceAll(/<[^>]+>/g, ' ').trim()}`);
}

describe('one HTML page', () => {
  test('is the same for the same report, and ends in a newline', async () => {
    const [one, other] = await Promise.all([htmlReport(hostileReport()), htmlReport(hostileReport())]);
    expect(one).toBe(other);
    expect(one.endsWith('</html>\n')).toBe(true);
  });

  test('has no script, no handler, and nothing that is loaded', async () => {
    const page = (await htmlReport(hostileReport())).replace(/(<style>).*(<\/style>)/s, '$1$2');
    const TAG = /<([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi;
    const tags = [...page.matchAll(TAG)];
    const attributes = tags.flatMap(([, , text = '']) => [...text.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)]);
    expect(tags.filter(([, name = '']) => /^(script|img|image|use|iframe|object|base|form|b)$/i.test(name))).toEqual(
      [],
    );
    expect(attributes.filter(([, name = '']) => /^on/i.test(name))).toEqual([]);
    const addresses = attributes
      .filter(([, name = '']) => /^(?:xlink:)?(?:href|src|action)$/i.test(name))
      .map(([, , value = '']) => value);
    expect(addresses.filter((address) => !/^#[a-z][a-z0-9-]*$|^data:,$/.test(address))).toEqual([]);
    // No text has kept a bracket that could begin a tag.
    expect(page.replace(TAG, '').replace(/<\/[a-z0-9]+>|<!DOCTYPE html>/gi, '')).not.toContain('<');
  });

  test('has a style sheet that loads nothing', async () => {
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(await htmlReport(hostileReport())) ?? [];
    expect(style.length).toBeGreaterThan(1000);
    expect(style).not.toMatch(/url\(|@import|https?:|expression/);
  });

  test('has no control character and no mark that reorders text', async () => {
    expect(await htmlReport(hostileReport())).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    );
  });

  test('says that nothing was found, and draws nothing', async () => {
    const page = await htmlReport(reportWith({}));
    expect(page).toContain('dockfix found nothing to repair here.');
    expect(page).not.toContain('<svg role="img"');
    expect(page).not.toContain('id="services"');
  });

  test('draws a service that is only named, and says so in words', async () => {
    const before: ReportGraph = {
      services: [{ id: 'api', file: 'compose.yml', name: 'api', runs: 'api:1', ports: [], role: 'web' }],
      links: [{ from: 'api', to: 'postgres', kind: 'waits', label: 'started' }],
    };
    const page = await htmlReport(reportWith({ before, after: { ...before, links: [] } }));
    expect(page).toContain('<g class="node missing same"><title>postgres</title>');
    expect(page).toContain('<strong>postgres</strong>: missing, no such service');
    expect(page).toContain('waits for postgres (started) (removed)');
  });

  test('draws hundreds of services in seconds, with their links in words', async () => {
    const services = Array.from({ length: 200 }, (_, index) => ({
      id: `s${index}`,
      file: 'compose.yml',
      name: `s${index}`,
      runs: 'busybox',
      ports: [],
      role: 'other' as const,
    }));
    const links = services.flatMap(({ id }, index) =>
      [7, 31].map((step) => ({
        from: id,
        to: `s${(index * step + 1) % 200}`,
        kind: 'uses' as const,
        label: `to ${step}`,
      })),
    );
    const started = process.cpuUsage().user;
    const page = await htmlReport(reportWith({ before: { services, links }, after: { services, links: [] } }));
    expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(20);
    expect(page.match(/<g class="node/g)).toHaveLength(400);
    expect(page.match(/<path class="line" d="M[\d.-]+ [\d.-]+C/g)?.length).toBeGreaterThan(300);
    expect(page).toContain('uses s8 (to 7) (removed)');
  });

  test('tells two services of one name apart by the files that they stand in', async () => {
    const service = (file: string) => ({
      id: `${file}#api`,
      file,
      name: 'api',
      runs: 'api:1',
      ports: [],
      role: 'web' as const,
    });
    const after: ReportGraph = { services: [service('a/compose.yml'), service('b/compose.yml')], links: [] };
    const page = await htmlReport(reportWith({ before: after, after }));
    expect(page.match(/<g class="node/g)).toHaveLength(2);
    expect(page).toContain('<span class="of">b/compose.yml</span>');
  });
});

describe('a diff in the page', () => {
  test('numbers both sides, and has an unchanged line twice for where there are two columns', async () => {
    const lines = await diffLines(patch(' one', '-two', '+2', ' three'));
    expect(lines.map((each) => each.replaceAll(/\s+/g, ' '))).toEqual([
      'hunk: @@ -1,3 +1,3 @@',
      'same twin: 1 one',
      'same: 1 one',
      'del: 2 - two',
      'ins: 2 + 2',
      'same twin: 3 three',
      'same: 3 three',
    ]);
  });

  test('keeps lines that look like headers, or like the remark of git', async () => {
    const lines = await diffLines(patch('--- a', '+++ b', '-x \\ No newline at end of file', '+y'));
    expect(lines.map((each) => each.replaceAll(/\s+/g, ' '))).toEqual([
      'hunk: @@ -1,3 +1,3 @@',
      'del: 1 - -- a',
      'ins: 1 + ++ b',
      'del: 2 - x \\ No newline at end of file',
      'ins: 2 + y',
    ]);
  });

  test('tells of a newline at the end that comes or goes', async () => {
    const lines = await diffLines(patch('-end', '\\ No newline at end of file', '+end'));
    expect(lines.at(-1)).toBe('hunk: No newline at the end of the file before');
  });

  test('hides the line ends of Windows, and shows where they change', async () => {
    const windows = await diffLines(patch(' one\r', '-two\r', '+2\r'));
    expect(windows.join()).not.toContain('\\r');
    const mixed = await diffLines(patch(' one', '-two\r', '+two'));
    expect(mixed.join()).toMatch(/two\s+\\r/);
  });

  test('escapes what a line holds, also within a line of which words changed', async () => {
    const page = await htmlReport(
      reportWith({
        files: [edited(patch('-      image: <b>&amp;</b> postgres:15', '+      image: <b>&amp;</b> postgres:16'))],
      }),
    );
    expect(page).toContain('&lt;b&gt;&amp;amp;&lt;');
    expect(page).not.toContain('<b>');
    expect(page).toMatch(/<ins>[^<]*16[^<]*<\/ins>/);
  });

  test('says that a file is made executable, though none of its lines changes', async () => {
    const page = await htmlReport(
      reportWith({ files: [edited('diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n')] }),
    );
    expect(page).toContain('edited, made executable');
  });

  test('takes no long time for a change of many long lines', async () => {
    const long = (sign: string): readonly string[] =>
      Array.from({ length: 1500 }, (_, index) => `${sign}${index} ${`${sign} word `.repeat(60)}`);
    const started = performance.now();
    const lines = await diffLines(patch(...long('-'), ...long('+')));
    expect(lines).toHaveLength(3001);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
