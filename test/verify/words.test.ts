import { expect, test } from 'vitest';
import { maskOf } from '../../src/model/secret/mask.ts';
import { addSecrets, tellable } from '../../src/verify/words.ts';

const DISGUISE = {
  copy: '/tmp/dockfix-verify-ab/after/home/me/shop',
  folder: '/tmp/dockfix-verify-ab',
  project: 'dockfix-verify-ab-after',
};

const NOTHING = { anywhere: new Set<string>(), inPlace: new Set<string>() };

test('addSecrets takes values with secret names and passwords in addresses, usual words only for their place', () => {
  const known = { anywhere: new Set<string>(), inPlace: new Set<string>() };
  addSecrets(known, {
    SECRET_KEY: 'abz-7123-q',
    POSTGRES_PASSWORD: 'postgres',
    API_KEY: 'k3y-value-9',
    DATABASE_URL: 'postgresql://shop:hunter22@db/shop',
    MONKEY: 'banana',
    LOG_LEVEL: 'DEBUG',
    JWT_ALGORITHM: 'HS256',
    DEBUG_TOKEN: null,
  });
  expect([...known.anywhere]).toEqual(['abz-7123-q', 'k3y-value-9', 'hunter22']);
  expect([...known.inPlace]).toEqual(['postgres']);
  const told = (text: string): string => tellable(text, DISGUISE, maskOf(known));
  expect(told('postgres is ready, POSTGRES_PASSWORD=postgres')).toBe('postgres is ready, POSTGRES_PASSWORD=***');
});

test('tellable hides secrets, and every address’s password even when nobody knew of it', () => {
  const mask = maskOf({ ...NOTHING, anywhere: new Set(['hunter22', 'hunter2']) });
  expect(tellable('login hunter22 / hunter2 failed', DISGUISE, mask)).toBe('login *** / *** failed');
  expect(tellable('redis://:other@redis:6379/0 refused', DISGUISE, maskOf(NOTHING))).toBe(
    'redis://:***@redis:6379/0 refused',
  );
});

test('tellable gives things the names that the user knows', () => {
  const told = (text: string): string => tellable(text, DISGUISE, maskOf(NOTHING));
  expect(told('container dockfix-verify-ab-after-web-1 is unhealthy')).toBe('container web is unhealthy');
  expect(told('env file /tmp/dockfix-verify-ab/after/home/me/shop/backend/.env not found')).toBe(
    'env file backend/.env not found',
  );
  expect(told('volume dockfix-verify-ab-after_data')).toBe('volume data');
});
