import type { Report, ReportGraph, ReportService } from '../../src/output/report.ts';
import { transforms } from '../../transforms/index.ts';

const INJECTION = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</style></title>&lt;b>`;
const BIDI = 'safe\u202egnp.exe\u2066';
const LONG = 'a'.repeat(400);
const WIDE = '数据库服务器数据库服务器数据库服务器数据库服务器数据库';
const DOT = 'x"];n0->n1[URL="javascript:alert(3)"];<<b>label</b>> \\N\\G &amp; }';
const ARABIC = '\ufdfd\ufdfd\ufdfd خدمة';

const service = (name: string, more: Partial<ReportService>): ReportService => ({
  id: name,
  file: `docker-compose.yml`,
  name,
  runs: INJECTION,
  ports: [],
  role: 'other',
  ...more,
});

const before: ReportGraph = {
  services: [
    service(INJECTION, { role: 'web', ports: [{ host: LONG, container: INJECTION }], healthcheck: INJECTION }),
    service(BIDI, { role: 'store', runs: LONG }),
    service(WIDE, { role: 'worker', runs: WIDE, program: DOT }),
    service(DOT, { role: 'task', runs: DOT }),
    service(ARABIC, { role: 'proxy', runs: ARABIC }),
    service(LONG, { role: 'store', file: INJECTION }),
    service('e\u0301\u0301\u0301\u0301x \u{1f468}\u200d\u{1f469}\u200d\u{1f467}', { runs: '\u001b[31mred' }),
  ],
  links: [
    { from: INJECTION, to: BIDI, kind: 'uses', label: INJECTION },
    { from: INJECTION, to: BIDI, kind: 'waits', label: LONG },
    { from: WIDE, to: WIDE, kind: 'uses', label: WIDE },
    { from: DOT, to: ARABIC, kind: 'waits' },
    { from: ARABIC, to: DOT, kind: 'uses', label: DOT },
    { from: LONG, to: 'nobody', kind: 'uses' },
  ],
};

const patch = (path: string, lines: readonly string[]): string =>
  [`diff --git a/${path} b/${path}`, `--- a/${path}`, `+++ b/${path}`, '@@ -1,5 +1,5 @@', ...lines, ''].join('\n');

const diff =
  patch('<b>&.yml', [
    ` ${INJECTION}`,
    `-${LONG} one`,
    `+${LONG} two \u202eevil\u2069`,
    '--- a dashed line',
    '+++ an added line with two signs',
    '-echo "\\ No newline at end of file"',
    '+echo "\\ No newline at end of file" <ins>not markup</ins>',
    ' \ttabs\rand\u0000a carriage return',
    '-end',
    '\\ No newline at end of file',
    '+end',
  ]) + patch('windows.txt', [' one\r', '-two\r', '+three\r', ' four\r']);

/** A report whose every text tries to be something else than text, or is too long, or of another script. */
export function hostileReport(): Report {
  const [transform] = transforms;
  if (!transform) throw new Error('there is no transform');
  const at = { path: `dir/${INJECTION}`, line: 7, text: `${INJECTION}\u001b[2J` };
  return {
    title: INJECTION,
    problems: [
      {
        number: 1,
        transform,
        message: `${INJECTION} ${LONG}`,
        shows: `${INJECTION}\n\u001b[31m${LONG}\n${BIDI}`,
        at,
        evidence: [
          { at: { path: LONG, line: 123456, text: LONG }, says: INJECTION },
          { at: { path: 'put/there' }, says: BIDI },
        ],
        repair: { title: INJECTION, safety: 'safe', diff },
        advice: `${INJECTION}\n${LONG}`,
      },
      {
        number: 2,
        transform,
        message: BIDI,
        at: { path: LONG },
        evidence: [],
        repair: { title: LONG, safety: 'manual', diff: '' },
        left: { reason: 'manual', says: INJECTION },
      },
      { number: 3, transform, message: WIDE, at, evidence: [], left: { reason: 'no fix', says: LONG }, advice: WIDE },
      { number: 4, transform, message: 'x', at, evidence: [], repair: { title: WIDE, safety: 'review', diff } },
    ],
    tasks: (['variables', 'secrets', 'manual', 'review', 'unread'] as const).map((kind) => ({
      kind,
      text: INJECTION,
      details: [INJECTION, LONG, BIDI],
      problems: [1, 2],
    })),
    checks: [
      { command: INJECTION, expects: INJECTION },
      { command: LONG, expects: LONG },
    ],
    before,
    after: {
      services: [...before.services.slice(1), service('new', { program: INJECTION, ports: [{ container: LONG }] })],
      links: [...before.links.slice(1), { from: 'new', to: BIDI, kind: 'uses', label: 'tcp' }],
    },
    files: [
      { path: INJECTION, kind: 'edited', diff, problems: [1, 4] },
      {
        path: LONG,
        kind: 'renamed',
        from: BIDI,
        diff: 'diff --git a/x b/y\nold mode 100644\nnew mode 100755\nsimilarity index 100%\nrename from x\nrename to y\n',
        problems: [],
      },
      { path: 'gone', kind: 'removed', diff: '', problems: [1] },
    ],
    notices: [{ path: INJECTION, line: 3, message: INJECTION, hint: LONG }],
    errors: [{ transform: INJECTION, message: `${LONG}\n${INJECTION}` }],
    verification: {
      before: {
        services: [
          { name: INJECTION, state: 'not built', reason: LONG },
          { name: LONG, state: 'restarting', exitCode: 1, reason: INJECTION },
        ],
        stopped: INJECTION,
        notes: [LONG, INJECTION],
        seconds: 12.4,
      },
      after: {
        services: [
          { name: INJECTION, state: 'healthy', secondsToHealthy: 3, imageBytes: 12e6, installCached: true },
          { name: LONG, state: 'unavailable', reason: BIDI },
        ],
        notes: [],
        seconds: 30,
      },
    },
  };
}
