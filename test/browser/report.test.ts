import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlReport } from '../../src/output/report/html.ts';
import type { Report } from '../../src/output/report.ts';
import type { Verification } from '../../src/verify/verdict.ts';
import { launch } from './chromium.ts';
import { hostileReport } from './hostile-report.ts';
import { brokenRules, type Drawings, drawingsIn, overflowIn, type Violation } from './in-page.ts';
import { reportOfFolder } from './reports.ts';

const VERIFICATION: Verification = {
  before: {
    services: [
      { name: 'api', state: 'unhealthy', reason: 'curl: not found' },
      { name: 'redis', state: 'runs' },
    ],
    notes: ['host ports were left to the engine'],
    seconds: 61,
  },
  after: {
    services: [
      { name: 'api', state: 'healthy', secondsToHealthy: 7, imageBytes: 210e6 },
      { name: 'redis', state: 'healthy', secondsToHealthy: 2 },
    ],
    notes: [],
    seconds: 40,
  },
};

const repo = (name: string, verification?: Verification) => (): Promise<Report> =>
  reportOfFolder(`fixtures/repos/${name}/before`, [], verification);

const REPORTS: Readonly<Record<string, () => Promise<Report>>> = {
  'analylit-repair-plan': repo('analylit-repair-plan'),
  'rendez-vous, with all faults at once': repo('rendez-vous'),
  'mppeep-pipeline': repo('mppeep-pipeline'),
  'atmr-stack, verified': repo('atmr-stack', VERIFICATION),
  'healthy-node, with nothing to repair': repo('healthy-node'),
  'healthy-monorepo, with several projects': repo('healthy-monorepo'),
  'a lone Dockerfile': () =>
    reportOfFolder('fixtures/transforms/clean-apt/no-compose-sudo/before', ['hygiene'], undefined),
  'hostile texts': () => Promise.resolve(hostileReport()),
};

const VIEWS = [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

const folder = mkdtempSync(join(tmpdir(), 'dockfix-html-'));
let browser: Browser | undefined;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** A page that shows a file, and all that it asked for and complained about. */
interface Shown {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
  /** Requests that failed, with the browser's reason. */
  readonly refused: readonly (readonly [url: string, why: string])[];
}

async function showing<T>(
  file: string,
  options: BrowserContextOptions,
  look: (shown: Shown) => Promise<T>,
): Promise<T> {
  if (!browser) throw new Error('the browser did not start');
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const [requests, complaints]: [string[], string[]] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    const refused: (readonly [string, string])[] = [];
    page.on('requestfailed', (request) => refused.push([request.url(), request.failure()?.errorText ?? '']));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    await page.goto(file);
    return await look({ page, requests, complaints, refused });
  } finally {
    await context.close();
  }
}

const view = (width: number, scheme: 'light' | 'dark'): BrowserContextOptions => ({
  viewport: { width, height: 900 },
  colorScheme: scheme,
});

describe.each(Object.entries(REPORTS))('the report of %s', (name, reportFor) => {
  const path = join(folder, `${name.replaceAll(/\W+/g, '-')}.html`);
  const file = pathToFileURL(path).href;
  let report: Report | undefined;

  beforeAll(async () => {
    report = await reportFor();
    writeFileSync(path, await htmlReport(report));
  }, 60_000);

  test.each(VIEWS)(
    'fits a page of $width px in $scheme, asks for nothing, and can be read by everyone',
    async ({ width, scheme }) => {
      await showing(file, view(width, scheme), async ({ page, requests, complaints }) => {
        expect(await page.evaluate(overflowIn)).toEqual([]);
        const drawings = (await page.evaluate(drawingsIn)) as Drawings;
        expect(drawings.outside).toEqual([]);
        // A page in a browser for phones is not scaled: these are pixels on the screen.
        expect(drawings.smallest).toBeGreaterThanOrEqual(9);
        expect(drawings.contrast).toBeGreaterThanOrEqual(4.5);
        await page.evaluate(axe.source);
        const violations = (await page.evaluate(brokenRules)) as readonly Violation[];
        expect(violations).toEqual([]);
        expect(complaints).toEqual([]);
        expect(requests).toEqual([file]);
      });
    },
  );

  test('shows every problem, task, check, service and file', async () => {
    if (!report) throw new Error('there is no report');
    const { problems, tasks, checks, before, after, files } = report;
    const services = new Set([...before.services, ...after.services].map(({ id }) => id));
    await showing(file, view(1280, 'light'), async ({ page }) => {
      const count = (selector: string): Promise<number> => page.locator(selector).count();
      expect(await count('article.problem')).toBe(problems.length);
      expect(await count('.glance li')).toBe(problems.length);
      expect(await count('.tasks > li')).toBe(tasks.length);
      expect(await count('.checks li')).toBe(checks.length);
      expect(await count('#services tbody tr')).toBe(services.size);
      expect(await count('details.file')).toBe(files.length);
      const targets = await page
        .locator('a[href^="#"]')
        .evaluateAll((links) => links.map((each) => each.getAttribute('href') ?? ''));
      for (const target of new Set(targets)) expect(await count(`[id="${target.slice(1)}"]`), target).toBe(1);
    });
  });
});

describe('the page of the report', () => {
  const file = pathToFileURL(join(folder, 'page.html')).href;

  beforeAll(async () => {
    writeFileSync(join(folder, 'page.html'), await htmlReport(hostileReport()));
  });

  test('is the same without JavaScript', async () => {
    const look = (javaScriptEnabled: boolean): Promise<Buffer> =>
      showing(file, { ...view(1280, 'light'), javaScriptEnabled }, async ({ page }) => {
        await page.locator('.words summary').first().click();
        await page.locator('.contents a[href="#services"]').click();
        expect(await page.locator('.words ul').first().isVisible()).toBe(true);
        expect(page.url()).toBe(`${file}#services`);
        return await page.locator('#services').screenshot();
      });
    expect((await look(false)).equals(await look(true))).toBe(true);
  });

  test('blocks what somebody could smuggle in: the policy holds', async () => {
    await showing(file, view(1280, 'light'), async ({ page, requests, complaints, refused }) => {
      await page.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x.png"><img src=x onerror="document.title=1"><link rel=stylesheet href="http://127.0.0.1:9/x.css">')`,
      );
      await expect
        .poll(() => complaints.filter((each) => each.includes('Content Security Policy')).length)
        .toBeGreaterThanOrEqual(3);
      // The browser tells of them, and says that the policy stopped them before they left.
      await expect.poll(() => refused.length).toBe(requests.length - 1);
      expect(refused.filter(([, why]) => why !== 'csp')).toEqual([]);
      expect(await page.title()).not.toBe('1');
    });
  });

  test('shows a diff side by side where there is room, and below each other where there is none', async () => {
    const columns = (width: number): Promise<readonly number[]> =>
      showing(file, view(width, 'light'), async ({ page }) => {
        const row = page.locator('.file .row.edited').first();
        const boxes = await Promise.all(['.del', '.ins'].map((kind) => row.locator(`.l${kind}`).first().boundingBox()));
        return boxes.map((box) => box?.x ?? -1);
      });
    const [old, next] = await columns(1280);
    expect(next).toBeGreaterThan((old ?? 0) + 300);
    const [above, below] = await columns(390);
    expect(below).toBe(above);
  });

  test('scrolls what is too wide by the keyboard', async () => {
    await showing(file, view(390, 'light'), async ({ page }) => {
      const region = page.locator('.scroll').first();
      await region.focus();
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => region.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
    });
  });

  test('prints light and whole, with nothing cut off', async () => {
    await showing(file, view(700, 'dark'), async ({ page }) => {
      await page.emulateMedia({ media: 'print' });
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe('rgb(255, 255, 255)');
      expect(
        await page.evaluate(
          '[...document.querySelectorAll(".graph svg[role=img]")].filter((svg) => svg.getBoundingClientRect().right > 700).length',
        ),
      ).toBe(0);
      expect(await page.locator('.contents').isVisible()).toBe(false);
    });
  });
});
