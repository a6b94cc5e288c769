import { beforeAll, expect, test } from 'vitest';
import { run } from '../../src/pipeline/run.ts';
import { Repo } from '../../src/repo/repo.ts';
import { transforms } from '../../transforms/index.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
});

const BEFORE = `FROM python:3.11-slim

WORKDIR /app

RUN apt-get update && apt-get install -y gcc libpq-dev postgresql-client curl

COPY requirements.txt .
RUN pip install -r requirements.txt

COPY . .
RUN mkdir -p logs data uploads

EXPOSE 9000
HEALTHCHECK --interval=30s --timeout=10s --start-period=40s --retries=3 \\
  CMD curl -f http://localhost:9000/api/v1/health || exit 1
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "9000", "--workers", "4"]
`;

const AFTER = `FROM python:3.11-slim AS builder

WORKDIR /app

RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev postgresql-client curl \\
    && rm -rf /var/lib/apt/lists/*

RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 postgresql-client curl \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"

RUN groupadd --gid 1000 app && useradd --uid 1000 --gid app --create-home app
COPY --chown=app:app . .
RUN mkdir -p logs data uploads
RUN chown app:app /app /app/data /app/logs /app/uploads
USER app

EXPOSE 9000
HEALTHCHECK --interval=30s --timeout=10s --start-period=40s --retries=3 \\
  CMD curl -f http://localhost:9000/api/v1/health || exit 1
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "9000", "--workers", "4"]
`;

const FILES = {
  '.dockerignore': '.git\n',
  'requirements.txt': 'fastapi\nuvicorn\npsycopg2\n',
  'app/__init__.py': '',
  'app/main.py':
    'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/api/v1/health")\ndef health():\n    return {"ok": True}\n',
  'docker-compose.yml':
    'services:\n  app:\n    build: .\n    ports: ["9000:9000"]\n    volumes:\n      - uploads:/app/uploads\nvolumes:\n  uploads:\n',
};
const OPTIONS = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };
const DOCKERFILE_HYGIENE = ['slim-runtime', 'drop-root', 'clean-apt', 'no-pip-cache', 'python-env'];

test('one stage with compilers, as root, becomes builder and runtime', () => {
  const chosen = transforms.filter(({ id }) => DOCKERFILE_HYGIENE.includes(id));
  const result = run(Repo.of({ ...FILES, Dockerfile: BEFORE }), chosen, OPTIONS);
  expect(result.after.read('Dockerfile')).toBe(AFTER);
});

test('a second run of all transforms leaves the Dockerfile alone', () => {
  const first = run(Repo.of({ ...FILES, Dockerfile: BEFORE }), transforms, OPTIONS);
  const second = run(first.after, transforms, OPTIONS);
  expect(second.steps.flatMap(({ outcomes }) => outcomes.filter(({ skipped }) => !skipped))).toEqual([]);
  expect(second.after.read('Dockerfile')).toBe(first.after.read('Dockerfile'));
});
