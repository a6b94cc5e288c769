import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { unwrittenJournal } from '../../src/campaign/journal.ts';
import { campaignPage } from '../../src/campaign/page.ts';
import { type Summary, summaryOf } from '../../src/campaign/summary.ts';
import { campaignTable, rowLine } from '../../src/campaign/table.ts';
import { type Target, targetKey } from '../../src/campaign/target.ts';
import type { BranchResult, FixResult } from '../../src/pull-request/types.ts';

const same = (text: string): string => text;
const PLAIN = { bold: same, dim: same, underline: same, red: same, green: same, yellow: same, cyan: same };

const target = (repository: string): Target => ({
  forge: { kind: 'github', url: 'https://git.example.org' },
  repository,
});

const branch = (changes: Partial<BranchResult>): BranchResult => ({
  branch: 'dockfix/all',
  action: 'opened',
  notes: [],
  repairs: {},
  ...changes,
});

function summaryWith(results: Readonly<Record<string, Partial<FixResult> | string>>): Summary {
  const journal = unwrittenJournal();
  const targets = Object.keys(results).map(target);
  for (const each of targets) {
    const result = results[each.repository];
    if (typeof result === 'string') journal.ended(targetKey(each), 0, { state: 'failed', message: result });
    else {
      const whole = { repository: each.repository, base: { branch: 'main', commit: '' }, branches: [], ...result };
      journal.ended(targetKey(each), 0, { state: 'done', result: whole });
    }
  }
  return summaryOf([...targets, target('acme/later')], journal);
}

const EVIL = '<img src=x onerror=alert(1)>"\'&\u001b[31m';

const summary = summaryWith({
  'acme/shop': {
    branches: [
      branch({ branch: 'dockfix/a', action: 'unchanged', repairs: { 'split-copy': 2 } }),
      branch({
        branch: 'dockfix/b',
        repairs: { 'add-entrypoint': 1, 'split-copy': 1 },
        notes: ['no label'],
        pullRequest: { number: 7, url: 'https://git.example.org/acme/shop/pull/7' },
      }),
    ],
  },
  'acme/blog': { branches: [branch({ repairs: { 'split-copy': 1 } })] },
  'acme/old': { skipped: 'it is archived' },
  'acme/well': {},
  [`acme/${EVIL}`]: { branches: [branch({ notes: [EVIL], pullRequest: { number: 8, url: `javascript:${EVIL}` } })] },
  'acme/gone': EVIL,
});

test('counts', () => {
  expect(summary.results).toEqual([
    { result: 'opened', repositories: 3 },
    { result: 'nothing to repair', repositories: 1 },
    { result: 'skipped', repositories: 1 },
    { result: 'failed', repositories: 1 },
    { result: 'not done', repositories: 1 },
  ]);
  expect(summary.transforms).toEqual([
    { id: 'split-copy', repositories: 2, repairs: 4 },
    { id: 'add-entrypoint', repositories: 1, repairs: 1 },
  ]);
  expect(summary.repositories[0]).toMatchObject({ result: 'opened', notes: ['dockfix/b: no label'] });
});

test('is a table whose columns stand below each other, without control characters', () => {
  const text = campaignTable(summary, PLAIN);
  const lines = text.split('\n');
  const column = lines[0]?.indexOf('result') ?? -1;
  expect(lines[1]?.slice(column)).toMatch(
    /^opened +4 +https:\/\/git\.example\.org\/acme\/shop\/pull\/7; dockfix\/b: no label$/,
  );
  expect(lines[4]?.slice(column)).toBe('nothing to repair');
  expect(text).toContain('7 repositories: 3 opened, 1 nothing to repair, 1 skipped, 1 failed, 1 not done.');
  expect(text).not.toContain('\u001b');
  for (const row of summary.repositories) expect(rowLine(row)).not.toMatch(/[\u0000-\u001f]/);
});

test('is a page that runs nothing of what repositories and forges say, and that can be read without a mouse', async () => {
  const browser = await chromium
    .launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    .catch((error: Error) => {
      throw new Error(`a browser is needed: apt-get install chromium (${error.message})`);
    });
  try {
    const page = await browser.newPage();
    let alerts = 0;
    const requests: string[] = [];
    page.on('dialog', () => {
      alerts += 1;
    });
    page.on('request', (request) => requests.push(request.url()));
    await page.setContent(campaignPage(summary));
    expect(alerts).toBe(0);
    expect(requests).toEqual([]);
    expect(await page.locator('img, script, [onerror]').count()).toBe(0);
    expect(await page.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual([
      'https://git.example.org/acme/shop/pull/7',
    ]);
    expect(await page.getByRole('row').count()).toBe(1 + 2 + 1 + 7);
    expect(
      await page
        .getByRole('rowheader')
        .nth(1 + 1 + 4)
        .textContent(),
    ).toBe(`acme/${EVIL}`.replace('\u001b', '\\x1b'));
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<{ violations: readonly { id: string }[] }>('axe.run()');
    expect(violations.map(({ id }) => id)).toEqual([]);
  } finally {
    await browser.close();
  }
});
