import { expect, test } from 'vitest';
import { secretsOf, tellable } from '../../src/verify/words.ts';

const DISGUISE = {
  copy: '/tmp/dockfix-verify-ab/after/home/me/shop',
  folder: '/tmp/dockfix-verify-ab',
  project: 'dockfix-verify-ab-after',
};

test('secretsOf takes values with secret names and passwords in addresses, not words that are everywhere', () => {
  expect(
    secretsOf({
      SECRET_KEY: 'abc-123',
      POSTGRES_PASSWORD: 'postgres',
      API_KEY: 'k3y-value',
      DATABASE_URL: 'postgresql://shop:hunter22@db/shop',
      MONKEY: 'banana',
      LOG_LEVEL: 'DEBUG',
      DEBUG_TOKEN: null,
    }),
  ).toEqual(['abc-123', 'k3y-value', 'hunter22']);
});

test('tellable hides secrets, and every address’s password even when nobody knew of it', () => {
  const secrets = new Set(['hunter22', 'hunter2']);
  expect(tellable('login hunter22 / hunter2 failed', DISGUISE, secrets)).toBe('login *** / *** failed');
  expect(tellable('redis://:other@redis:6379/0 refused', DISGUISE, new Set())).toBe(
    'redis://:***@redis:6379/0 refused',
  );
});

test('tellable gives things the names that the user knows', () => {
  const told = (text: string): string => tellable(text, DISGUISE, new Set());
  expect(told('container dockfix-verify-ab-after-web-1 is unhealthy')).toBe('container web is unhealthy');
  expect(told('env file /tmp/dockfix-verify-ab/after/home/me/shop/backend/.env not found')).toBe(
    'env file backend/.env not found',
  );
  expect(told('volume dockfix-verify-ab-after_data')).toBe('volume data');
});
