import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { lexer, type Token, type Tokens, walkTokens } from 'marked';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/finding.ts';
import { headlineOf } from '../../../src/output/report/headline.ts';
import { jsonReport } from '../../../src/output/report/json.ts';
import { markdownReport } from '../../../src/output/report/markdown.ts';
import { reportOf } from '../../../src/output/report/report-of.ts';
import { reportSchema } from '../../../src/output/report/schema.ts';
import { shownFor } from '../../../src/output/report/shown.ts';
import { readVerification } from '../../../src/output/report/verification.ts';
import type { Report } from '../../../src/output/report.ts';
import { verificationJson } from '../../../src/output/verification.ts';
import { loadTypescript } from '../../../src/parse/typescript.ts';
import { run } from '../../../src/pipeline/run.ts';
import { scan } from '../../../src/repo/disk.ts';
import { Repo } from '../../../src/repo/repo.ts';
import { defineTransform, type Transform } from '../../../src/transform.ts';
import type { Verification } from '../../../src/verify/verdict.ts';
import { loadPythonForTests } from '../../python-wasm.ts';
import { ALLOW, formatsOf, reportOn } from './reports.ts';

beforeAll(async () => {
  await loadPythonForTests();
  await loadTypescript();
});

const validate = new Ajv({ strict: true, allErrors: true }).compile(reportSchema());

/** The document, after the schema has accepted it. */
function readJson(text: string): Readonly<Record<string, unknown>> {
  const document = JSON.parse(text) as Record<string, unknown>;
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
  return document;
}

/** A shell reads every command, and nothing of it is a second one. */
function expectShell(report: Report): void {
  const script = report.checks.map(({ command }) => command).join('\n');
  const { status, stderr } = spawnSync('sh', ['-n'], { input: script });
  expect([status, stderr.toString()]).toEqual([0, '']);
}

const commandsOf = (report: Report): readonly string[] => report.checks.map(({ command }) => command);

describe('JSON', () => {
  test.each(readdirSync('fixtures/repos'))('%s follows the schema', (name) => {
    const report = reportOn(scan(join('fixtures', 'repos', name, 'before')), ['hygiene']);
    expect(readJson(jsonReport(report))).toMatchObject({ schemaVersion: 1, title: 'shop' });
    expectShell(report);
  });

  test('the schema refuses what is no report', () => {
    const document = readJson(jsonReport(reportOn(Repo.of({ Dockerfile: 'FROM alpine\n' }), [])));
    for (const wrong of [{ ...document, schemaVersion: 2 }, { ...document, more: 1 }, { ...document, tasks: [{}] }, {}])
      expect(validate(wrong)).toBe(false);
  });
});

/** Everything that could break Markdown, a table, a fence, a picture or a shell. */
const NASTY =
  '# h\n- `x` ```js\n<img src=x onerror=alert(1)> <!-- c --> | cell | [l](http://x) ![i](y) **b** _i_ ~~s~~ $m$ @user www.x.org &amp; &#35; "q" \'r\' ]] --> \u0000\u001b[31m\u202e\ud800 1. one';
const NASTY_NAME = 'a|b `c` <d> ; rm -rf "$HOME" #{e}.yml';

const at = (repo: Repo, path: string, text: string) => {
  const start = repo.read(path)?.indexOf(text) ?? -1;
  return start < 0 ? [] : [{ path, start, end: start + text.length }];
};

const making = (id: string, find: (repo: Repo) => readonly Finding[]): Transform =>
  defineTransform({ id, group: 'repair', summary: `Mend <${id}> | # [x](y)`, find: (stack) => find(stack.repo) });

function nastyReport(): Report {
  const repo = Repo.of({
    [NASTY_NAME]: 'services: {}\n```` <b>one</b>\n| two | ` |\n',
    'compose.yaml': [
      'services:',
      `  ${JSON.stringify(NASTY_NAME)}:`,
      '    image: "busybox | <i>"',
      `    command: ["sh", "-c", ${JSON.stringify('echo ``` | <b> $(x)')}]`,
      '    ports: ["80|90", "${X:-<p>}:1"]',
      '    depends_on: ["gone\\"]--x"]',
      '  cache:',
      '    image: redis',
      '',
    ].join('\n'),
  });
  const result = run(
    repo,
    [
      making('first', (seen) =>
        at(seen, NASTY_NAME, 'one').map((place) => ({
          message: NASTY,
          at: place,
          evidence: [{ at: place, says: NASTY }],
          advice: `${NASTY}\n\n> more\n\`\`\`\n`,
          fix: { title: NASTY, safety: 'review', changes: [{ ...place, text: '````\n<script>' }] },
        })),
      ),
      making('by-hand', (seen) =>
        at(seen, NASTY_NAME, 'two').map((place) => ({
          message: NASTY,
          at: place,
          evidence: [],
          advice: NASTY,
          fix: { title: NASTY, safety: 'manual', changes: [] },
        })),
      ),
      making('told', (seen) =>
        at(seen, NASTY_NAME, 'two').map((place) => ({ message: NASTY, at: place, evidence: [] })),
      ),
      making('thrown', () => {
        throw new Error(NASTY);
      }),
    ],
    ALLOW,
  );
  const notices = [{ path: NASTY_NAME, line: 2, message: NASTY, hint: NASTY }];
  return reportOf({ ...result, notices }, { title: NASTY, page: () => `## What breaks\n\n\`\`\`\n${NASTY}\n\`\`\`\n` });
}

describe('hostile texts', () => {
  test('Markdown stays what it is', () => {
    const text = markdownReport(nastyReport());
    const tokens = lexer(text);
    const seen = new Map<string, number>();
    const html: string[] = [];
    walkTokens(tokens, (token: Token) => {
      seen.set(token.type, (seen.get(token.type) ?? 0) + 1);
      if (token.type === 'html') html.push(token.raw);
    });
    for (const type of ['link', 'image', 'del', 'em', 'hr', 'def'])
      expect([type, seen.get(type)]).toEqual([type, undefined]);
    expect(html.filter((tag) => !/^<\/?code>$/.test(tag))).toEqual([]);
    const headings = tokens.filter((token): token is Tokens.Heading => token.type === 'heading');
    expect(headings.map(({ depth }) => depth)).toEqual([1, 2, 3, 3, 2, 3, 2, 2, 2, 2, 2, 2]);
    const tables = tokens.filter((token): token is Tokens.Table => token.type === 'table');
    expect(tables.map(({ rows, header }) => [rows.length, header.length])).toEqual([
      [2, 4],
      [2, 5],
      [1, 3],
    ]);
    // No cell has moved to the next column.
    expect(tables[2]?.rows[0]?.map(({ text: cell }) => cell).slice(1)).toEqual(['edited', '1']);
    expect(tables[1]?.rows[1]?.[0]?.text).toBe('**cache**');
    expect(text).not.toMatch(/[\u0000\u001b\u202e]/);
  });

  test('a Mermaid label holds nothing but plain characters and their numbers', () => {
    const block = /```mermaid\n([\s\S]*?)\n```/.exec(markdownReport(nastyReport()))?.[1] ?? '';
    const lines = block.split('\n').slice(1);
    expect(lines.length).toBe(4);
    for (const line of lines)
      expect(line).toMatch(/^ {2}n\d+(?:[[({/]+"(?:[\w .,:/-]|#\d+;)*"[\])}/]+| -->\|"started"\| n\d+)$/);
    expect(block).toContain(', missing"');
  });

  test('a shell takes names for names', () => {
    const report = nastyReport();
    expectShell(report);
    for (const command of commandsOf(report)) expect(command).not.toMatch(/;\s*rm(?![^']*')/);
  });

  test('JSON follows the schema', () => {
    readJson(jsonReport(nastyReport()));
  });

  test('what could not be read or run is told, and counted', () => {
    const report = nastyReport();
    expect(report.errors).toHaveLength(1);
    expect(report.tasks[0]).toMatchObject({ kind: 'unread', problems: [] });
    expect(markdownReport(report)).toContain('2 things could not be read or run, see the end.');
  });
});

describe('secrets', () => {
  /** Every secret that is planted in the fixtures, and below. */
  const PLANTED =
    /Harbour-41-lamp|b7e1d4c09f3a4a6f8d52|Lk83-velvet|n%40vire-77%21|n@vire-77!|smtp-8841-Qx|r00t-Of-Ships-5|Vx7-quarry-19|0f5c2a9be7d84416|4c1d9e07aa6b42f3|rk-shop-77-51-ab-90|npmtok-5588-zz|first-21-key|second-34-key|7d2e-built-with-90aa|npmtok-9921-kk|5e-tracked-by-git-77|throwaway-81-x|Tq-55-test|vnc-4471-aa|planted/;
  const root = join('fixtures', 'transforms', 'externalise-secrets');

  test.each(readdirSync(root))('planted in %s', (name) => {
    for (const [format, text] of formatsOf(reportOn(scan(join(root, name, 'before')), ['hygiene'])))
      expect(
        text.split('\n').filter((line) => PLANTED.test(line)),
        format,
      ).toEqual([]);
  });

  const files = {
    'compose.yaml': [
      'services:',
      '  web:',
      '    build: .',
      '    command: ["rq", "worker", "--url", "redis://:Qr5-planted-Url@cache:6379"]',
      '    environment:',
      '      - DATABASE_URL="postgresql://shop:Kd82-planted@localhost:5432/shop"',
      '      - API_TOKEN=sk_live_51Hq8vT2mXw9Lr4KpNplanted',
      '    ports: ["8000:8000"]',
      '    healthcheck:',
      '      test: ["CMD", "curl", "-f", "-u", "shop:Hc3-planted-Zz", "http://localhost:9999/nowhere?token=Tk4-planted-Yy"]',
      '    depends_on: [db, cache]',
      '  db:',
      '    image: postgres:16',
      '    environment:',
      '      POSTGRES_PASSWORD: Kd82-planted',
      '  cache:',
      '    image: redis:7',
      '    command:',
      '      - redis-server',
      '      - --requirepass',
      '      - Qr5-planted-Url',
      '',
    ].join('\n'),
    '.env': 'SECRET_KEY=Env-7-planted\n',
    'requirements.txt': 'flask\ngunicorn\nrq\n',
    'app.py': 'import os\nfrom flask import Flask\napp = Flask(__name__)\nKEY = os.environ["MISSING_KEY"]\n',
    Dockerfile:
      'FROM python:3.11-slim\nWORKDIR /app\nENV API_TOKEN=sk_live_51Hq8vT2mXw9Lr4KpNplanted\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["gunicorn", "--bind", "127.0.0.1:8000", "app:app"]\n',
  };

  test('nor one that stands in a command, a check, a URL or an env file', () => {
    const reason = 'API_TOKEN=sk_live_51Hq8vT2mXw9Lr4KpNplanted is wrong';
    const verification: Verification = {
      after: { services: [{ name: 'web', state: 'stopped', reason }], stopped: reason, notes: [reason], seconds: 1 },
    };
    const result = run(Repo.of(files), [], ALLOW);
    for (const report of [
      reportOn(Repo.of(files), ['hygiene']),
      reportOf(result, { title: 'shop', page: () => '', verification }),
    ])
      for (const [format, text] of formatsOf(report))
        expect(
          text.split('\n').filter((line) => PLANTED.test(line)),
          format,
        ).toEqual([]);
  });

  test('whoever reads it learns which secrets are to be replaced, by file and line', () => {
    const secrets = reportOn(Repo.of(files), []).tasks.find(({ kind }) => kind === 'secrets');
    expect(secrets?.details).toEqual(
      expect.arrayContaining(['`compose.yaml:15` `POSTGRES_PASSWORD: ***`', '`compose.yaml:7` `- API_TOKEN=***`']),
    );
  });
});

describe('what there is to check', () => {
  const SERVER = {
    'requirements.txt': 'flask\ngunicorn\n',
    'app.py': 'from flask import Flask\napp = Flask(__name__)\n\n@app.get("/health")\ndef health():\n    return "ok"\n',
  };
  const DOCKERFILE =
    'FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nEXPOSE 8000\nCMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]\n';

  test('a Dockerfile alone is built, run and asked for a route that it has', () => {
    const report = reportOn(Repo.of({ ...SERVER, Dockerfile: DOCKERFILE }), []);
    expect(commandsOf(report).slice(0, 5)).toEqual([
      'docker build -t app-check .',
      'docker run --detach --name app-check -p 8000:8000 app-check',
      'curl -fsS http://localhost:8000/health',
      'docker logs app-check',
      'docker rm -f app-check',
    ]);
    expect(report.after.services).toMatchObject([
      { id: 'Dockerfile', role: 'web', ports: [{ container: '8000' }], runs: 'built from Dockerfile' },
    ]);
    expect(report.after.links).toEqual([]);
    expect(markdownReport(report)).not.toContain('mermaid');
  });

  test('what it requires goes from the shell into the container', () => {
    const source = 'import os\nfrom flask import Flask\nKEY = os.environ["SECRET_KEY"]\napp = Flask(__name__)\n';
    const report = reportOn(Repo.of({ ...SERVER, 'app.py': source, 'web/x': '', Dockerfile: DOCKERFILE }), []);
    expect(commandsOf(report)[1]).toBe('docker run --detach --name app-check -p 8000:8000 -e SECRET_KEY app-check');
  });

  test('a Dockerfile elsewhere is named with -f', () => {
    const report = reportOn(Repo.of({ ...SERVER, 'docker/web.Dockerfile': DOCKERFILE }), []);
    expect(commandsOf(report)[0]).toBe('docker build -f docker/web.Dockerfile -t docker-web-check .');
  });

  const compose = (services: Readonly<Record<string, readonly string[]>>): string =>
    `services:\n${Object.entries(services)
      .map(([name, lines]) => `  ${name}:\n${lines.map((line) => `    ${line}\n`).join('')}`)
      .join('')}`;

  test('several projects are named by their files, and make room for each other', () => {
    const web = compose({ web: ['image: nginx:1.27', 'ports: ["127.0.0.1:8080:80"]'] });
    const report = reportOn(Repo.of({ 'shop/compose.yml': web, 'blog/compose.yml': web }), []);
    expect(commandsOf(report)).toEqual([
      ...['blog', 'shop'].flatMap((folder) => [
        `docker compose -f ${folder}/compose.yml config --quiet`,
        `docker compose -f ${folder}/compose.yml up --detach --wait`,
        `docker compose -f ${folder}/compose.yml ps --all`,
        `curl -sS -o /dev/null -w '%{http_code}\\n' http://localhost:8080/`,
        `docker compose -f ${folder}/compose.yml down`,
      ]),
      'dockfix check',
    ]);
    expect(report.after.services.map(({ id, role }) => [id, role])).toEqual([
      ['blog/compose.yml#web', 'proxy'],
      ['shop/compose.yml#web', 'proxy'],
    ]);
    expect(markdownReport(report)).toContain('| service | file | runs |');
    expectShell(report);
  });

  test('an override that -f would leave out is named, one that Compose finds is not', () => {
    const files = {
      'compose.yml': compose({ cache: ['image: redis:7'] }),
      'compose.override.yml': compose({ cache: ['restart: always'] }),
    };
    expect(commandsOf(reportOn(Repo.of(files), []))[0]).toBe('docker compose config --quiet');
    const below = Object.fromEntries(Object.entries(files).map(([path, text]) => [`my stack/${path}`, text]));
    expect(commandsOf(reportOn(Repo.of(below), []))[0]).toBe(
      "docker compose -f 'my stack/compose.yml' -f 'my stack/compose.override.yml' config --quiet",
    );
  });

  test('what ends by itself makes up not wait; what only a profile starts is not asked for', () => {
    const files = {
      'compose.yml': compose({
        web: ['image: acme/shop', 'depends_on:', '  init: {condition: service_completed_successfully}'],
        init: ['image: acme/init'],
        debug: ['image: redis:7', 'profiles: [debug]'],
      }),
    };
    const report = reportOn(Repo.of(files), []);
    expect(commandsOf(report)).toContain('docker compose up --detach');
    expect(report.checks.find(({ command }) => command.endsWith('ps --all'))?.expects).toBe(
      'running: web; exited (0): init',
    );
    expect(commandsOf(report).some((command) => command.includes('redis-cli'))).toBe(false);
  });

  test('what chose the transforms goes into the commands that are to find the same', () => {
    const result = run(Repo.of({ Dockerfile: 'FROM alpine\n' }), [], ALLOW);
    const report = reportOf(result, { title: 'x', page: () => '', selection: ['--group', 'hygiene'] });
    expect(commandsOf(report).at(-1)).toBe('dockfix check --group hygiene');
  });

  test('ports in every form', () => {
    const ports = [
      '"80"',
      '"8080:80"',
      '"127.0.0.1:8080:80/tcp"',
      '"53:53/udp"',
      '"3000-3005:3000-3005"',
      '"127.0.0.1::90"',
      '"${NOT_SET}:80"',
      '"[::1]:8081:81"',
      '{target: 80, published: "8080", host_ip: 0.0.0.0}',
      '{target: 53, protocol: udp}',
    ];
    const report = reportOn(
      Repo.of({ 'compose.yml': compose({ web: ['image: busybox', `ports: [${ports.join(', ')}]`] }) }),
      [],
    );
    expect(report.after.services[0]?.ports).toEqual([
      { container: '80' },
      { host: '8080', container: '80' },
      { host: '127.0.0.1:8080', container: '80' },
      { host: '53', container: '53/udp' },
      { host: '3000-3005', container: '3000-3005' },
      { container: '90' },
      { container: '${NOT_SET}:80' },
      { host: '[::1]:8081', container: '81' },
      { host: '0.0.0.0:8080', container: '80' },
      { container: '53/udp' },
    ]);
  });
});

describe('files with CR LF', () => {
  const text =
    'FROM python:3.11-slim\r\nWORKDIR /app\r\nCOPY . .\r\nRUN pip install -r requirements.txt\r\nCMD ["python", "app.py"]\r\n';
  const files = { Dockerfile: text, 'requirements.txt': 'flask\n', 'app.py': 'print(1)\n' };

  test('are quoted and shown without it', () => {
    const report = reportOn(Repo.of(files), []);
    const problem = report.problems.find(({ transform }) => transform.id === 'split-copy');
    expect(problem?.evidence[0]?.at).toEqual({ path: 'Dockerfile', line: 3, text: 'COPY . .' });
    expect(problem?.repair?.diff).toContain('-COPY . .\r\n');
    expect(markdownReport(report)).not.toMatch(/\r|\\r/);
  });

  test('a repair that takes it away shows it', () => {
    const report = reportOn(
      Repo.of({
        ...files,
        'start.sh': '#!/bin/sh\r\nexec python app.py\r\n',
        Dockerfile: `${text.replace('["python", "app.py"]', '["sh", "./start.sh"]')}`,
      }),
      [],
    );
    expect(report.problems.map(({ transform }) => transform.id)).toContain('fix-shell-scripts');
    expect(markdownReport(report)).toContain('-#!/bin/sh\\r\n');
  });
});

describe('how a problem shows', () => {
  const page =
    '# x\n\n## What breaks\n\nWords:\n\n```\n\n  one   \n    two\n```\n\n```\nother\n```\n\n## What it does\n\n```\nthree\n```\n';
  test.each([
    ['a cause, so "failed to read dockerfile: open x"', [], 'failed to read dockerfile: open x', false],
    [
      'so it stops with `exec: "x": executable file not found in $PATH`',
      [],
      'exec: "x": executable file not found in $PATH',
      false,
    ],
    ['fails with `curl: not found`', [], 'curl: not found', false],
    ['fails', ['raises "THING must be set" there'], 'THING must be set', false],
    ['`pip install -r requirements.txt` runs after "docker compose down"', ['the "short one"'], 'one\n  two', true],
    ['nothing', [], 'one\n  two', true],
  ])('%s', (message, proof, text, isExample) => {
    expect(shownFor(message, proof, page)).toEqual({ text, isExample });
  });

  test('a page without a block shows nothing', () => {
    expect(shownFor('x', [], '# x\n\n## What breaks\n\nNothing.\n')).toBeUndefined();
  });

  test.each([
    ['`a b` has no --from, so it looks elsewhere', '`a b` has no --from'],
    ['short: it stays', 'short: it stays'],
    [`${'word '.repeat(40)}`, `${'word '.repeat(22).trim()} …`],
    ['The file with (an open, so bracket) and more: then this.', 'The file with (an open, so bracket) and more'],
  ])('headline of %s', (message, expected) => {
    expect(headlineOf(message)).toBe(expected);
  });
});

describe('a verification', () => {
  const verification: Verification = {
    before: { services: [{ name: 'web', state: 'stopped', exitCode: 1, reason: 'no' }], notes: ['n'], seconds: 3 },
    after: {
      services: [{ name: 'web', state: 'healthy', secondsToHealthy: 2, installCached: true }],
      notes: [],
      seconds: 4,
    },
  };

  test('is read back as it was written', () => {
    expect(readVerification(verificationJson(verification))).toEqual(verification);
  });

  test.each([
    ['no JSON', '{'],
    ['another version', '{"schemaVersion": 2}'],
    ['no side', '{"schemaVersion": 1, "after": {}}'],
    ['an unknown state', verificationJson(verification).replace(': "healthy"', ': "fine"')],
    ['a list', '[]'],
  ])('refuses %s', (_, text) => {
    expect(readVerification(text)).toHaveProperty('why');
  });

  test('is part of every format', () => {
    const result = run(Repo.of({ Dockerfile: 'FROM alpine\n' }), [], ALLOW);
    const report = reportOf(result, { title: 'x', page: () => '', verification });
    expect(markdownReport(report)).toContain('## What dockfix verify saw\n\n**Before fails, after is healthy.**');
    expect(readJson(jsonReport(report))).toMatchObject({ verification: { passed: true } });
  });
});
