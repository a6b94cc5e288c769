/** How long the program takes to start, as medians of 11 runs beside `node -e 0`. Prints; never fails on a number. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 11;

/** A web service, a worker and two stores: the smallest repository that gives every parser something to do. */
const SMALL: Readonly<Record<string, string>> = {
  Dockerfile: `FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["gunicorn", "-b", "0.0.0.0:8000", "wsgi:app"]
`,
  'docker-compose.yml': `services:
  web:
    build: .
    env_file: .env
    depends_on:
      - db
      - redis
  worker:
    build: .
    command: celery -A tasks worker
    env_file: .env
    depends_on:
      - redis
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD}
  redis:
    image: redis:7
`,
  '.env': 'DATABASE_URL=postgresql://postgres:x@db/postgres\nREDIS_URL=redis://redis:6379/0\n',
  'requirements.txt': 'flask\ngunicorn\nflask-sqlalchemy\ncelery[redis]\npsycopg2-binary\n',
  'wsgi.py': `import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)


@app.get("/")
def index():
    return "ok"
`,
  'tasks.py': `import os

from celery import Celery

celery = Celery(__name__, broker=os.environ["REDIS_URL"])


@celery.task
def add(a, b):
    return a + b
`,
};

const small = mkdtempSync(join(tmpdir(), 'dockfix-bench-'));
for (const [path, text] of Object.entries(SMALL)) writeFileSync(join(small, path), text);
const bin = join('dist', 'bin.cjs');

const calls: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'dockfix --version': [bin, '--version'],
  'dockfix --help': [bin, '--help'],
  'apply, small repository': [bin, 'apply', '--dry-run', small],
  'apply, analylit': [bin, 'apply', '--dry-run', join('fixtures', 'repos', 'analylit-repair-plan', 'before')],
};
const samples = new Map(Object.keys(calls).map((name) => [name, [] as number[]]));

// Turn by turn, so that a slow moment of the machine meets every call alike.
for (let round = 0; round <= RUNS; round += 1)
  for (const [name, argv] of Object.entries(calls)) {
    const start = process.hrtime.bigint();
    spawnSync(process.execPath, argv, { stdio: 'ignore' });
    // The first round only warms the file cache.
    if (round > 0) samples.get(name)?.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
rmSync(small, { recursive: true });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const base = median(samples.get('node -e 0') ?? []);
for (const [name, values] of samples) {
  const own = median(values);
  const figures = [`${own.toFixed(1)} ms`, `+${(own - base).toFixed(1)} ms`, `x${(own / base).toFixed(2)}`];
  process.stdout.write(`${name.padEnd(26)}${figures.map((figure) => figure.padStart(12)).join('')}\n`);
}
process.stdout.write('Goals: --version at most x1.30; apply on a small repository at most +150 ms.\n');
