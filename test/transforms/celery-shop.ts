import { join } from 'node:path';
import { expect } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { carryOut } from '../../src/pipeline/edits.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import addCeleryContext from '../../transforms/add-celery-context/transform.ts';
import { pythonErrors } from '../harness.ts';

export const fixtures = join('fixtures', 'transforms', 'add-celery-context');

export const findingsIn = (repo: Repo): readonly Finding[] => [...addCeleryContext.find(readStack(repo, undefined))];

export const findingIn = (repo: Repo): Finding => {
  const found = findingsIn(repo);
  expect(found).toHaveLength(1);
  return found[0] as Finding;
};

export const fixture = (name: string): Repo => scan(join(fixtures, name, 'before'));

export const chain = (repo: Repo, finding: Finding): readonly string[] =>
  finding.evidence.map(({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`);

/** A small application; `files` replaces or adds, `undefined` leaves a file out. */
export const shop = (files: Readonly<Record<string, string | undefined>>): Repo => {
  const all: Readonly<Record<string, string | undefined>> = {
    Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n',
    'docker-compose.yml': [
      'services:',
      '  web: {build: ., command: "gunicorn wsgi:app"}',
      '  worker: {build: ., command: "celery -A jobs worker"}',
      '',
    ].join('\n'),
    'wsgi.py': 'from app import create_app\n\napp = create_app()\n',
    'app.py': 'from flask import Flask\n\n\ndef create_app():\n    return Flask("shop")\n',
    'jobs.py': [
      'from celery import Celery',
      'from flask import current_app',
      '',
      'celery = Celery("shop", broker="redis://redis")',
      '',
      '',
      '@celery.task',
      'def name():',
      '    return current_app.name',
      '',
    ].join('\n'),
    ...files,
  };
  return Repo.of(
    Object.fromEntries(Object.entries(all).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]]))),
  );
};

export const jobs = (...lines: readonly string[]): Repo => shop({ 'jobs.py': [...lines, ''].join('\n') });

/** The repaired text of one file; Python has to accept it. */
export const repairedText = (repo: Repo, path: string): string => {
  const changes = findingIn(repo).fix?.changes ?? [];
  expect(changes.length).toBeGreaterThan(0);
  const result = carryOut(repo, changes);
  if ('why' in result) throw new Error(result.why);
  const after = repo.with(result);
  const text = after.read(path) ?? '';
  expect(pythonErrors(new Map([[path, Buffer.from(text)]]))).toEqual([]);
  expect(findingsIn(after)).toEqual([]);
  return text;
};
