import { describe, expect, test } from 'vitest';
import { ownsFolder } from '../../src/model/image/folder-owner.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';

/** Whether the user `app` owns /data after some instructions. */
function owns(...lines: readonly string[]): boolean {
  const dockerfile = ['FROM python:3.12-slim', 'WORKDIR /', ...lines, 'USER app', 'CMD ["python"]', ''].join('\n');
  const stack = readStack(
    Repo.of({ Dockerfile: dockerfile, 'compose.yaml': 'services:\n  app:\n    build: .\n' }),
    undefined,
  );
  const [service] = stack.services;
  const image = service && stack.view(service).image;
  if (!image) throw new Error('no image');
  return ownsFolder(image, '/data');
}

describe('a folder belongs to the user of the process', () => {
  test.each([
    [['RUN mkdir -p /data && chown app:app /data']],
    [['RUN mkdir /data', 'RUN chown -R app /data/']],
    [['RUN mkdir -p data && chown app: data']],
    [['RUN install -d -o app -g app /data']],
    [['RUN install -dm755 -o app /srv /data']],
    [['RUN install --directory --owner=app /data']],
    [['RUN useradd --uid 1000 app && mkdir -p /data && chown 1000:1000 /data']],
    [['USER app', 'RUN mkdir -p /data/files']],
    [['RUN mkdir -m 777 /data']],
    [['RUN mkdir /data && chmod a+rwx /data']],
  ])('%j', (lines) => {
    expect(owns(...lines)).toBe(true);
  });
});

describe('it does not, or nobody can tell', () => {
  test.each([
    [[]],
    [['RUN mkdir -p /data']],
    [['RUN chown -R app /']],
    [['RUN install -d /data']],
    [['RUN install -o app config.ini /data']],
    [['RUN mkdir -p /data/files && chown app /data/files']],
    [['RUN mkdir -p /data && chown app /data && chown -R root /data']],
    [['RUN mkdir -p /data && chown app /data && rm -rf /data']],
    [['RUN mkdir -p /data && chown app /srv']],
    [['RUN mkdir -p /database && chown app /database']],
    [['RUN mkdir -p /data && chown $OWNER /data']],
    [['RUN if [ -n "$X" ]; then mkdir /data && chown app /data; fi']],
  ])('%j', (lines) => {
    expect(owns(...lines)).toBe(false);
  });
});
