import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import { listenersOf } from '../../src/model/network/listening.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { Repo } from '../../src/repo/repo.ts';

beforeAll(async () => {
  await loadPython(pythonWasm());
});

/** `reach:port` of each socket of the service `web`; `?` when nobody can tell. */
function listening(
  cmd: string,
  files: Readonly<Record<string, string>> = {},
  compose: readonly string[] = [],
): readonly string[] | '?' {
  const stack = readStack(
    Repo.of({
      Dockerfile: `FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ${cmd}\n`,
      'docker-compose.yml': ['services:', '  web:', '    build: .', ...compose.map((line) => `    ${line}`), ''].join(
        '\n',
      ),
      ...files,
    }),
    undefined,
  );
  const [service] = stack.services;
  const found = service && listenersOf(stack, stack.view(service));
  return found ? found.map(({ reach, port }) => `${reach}:${port ?? '?'}`) : '?';
}

describe('servers with options', () => {
  test.each([
    ['uvicorn main:app', ['loopback:8000']],
    ['uvicorn main:app --host 0.0.0.0 --port 80', ['all:80']],
    ['uvicorn main:app --host=:: --port=80', ['all:80']],
    ['uvicorn main:app --uds /tmp/s', '?'],
    ['python -m uvicorn main:app --host localhost', ['loopback:8000']],
    ['hypercorn main:app', ['loopback:8000']],
    ['hypercorn -b 0.0.0.0:81 main:app', ['all:81']],
    ['daphne -p 9 site.asgi:application', ['loopback:9']],
    ['daphne -b 0.0.0.0 site.asgi:application', ['all:8000']],
    ['granian --interface asgi main:app', ['loopback:8000']],
    ['waitress-serve --port=80 main:app', ['all:80']],
    ['waitress-serve --listen=*:80 main:app', '?'],
    ['fastapi run main.py', ['all:8000']],
    ['fastapi dev main.py', ['loopback:8000']],
    ['flask run', ['loopback:5000']],
    ['flask --app x run -h 0.0.0.0 -p 80', ['all:80']],
    ['python manage.py runserver', ['loopback:8000']],
    ['python manage.py runserver 9000', ['loopback:9000']],
    ['python manage.py runserver 0:9000', ['all:9000']],
    ['python manage.py runserver [::]:9000', ['all:9000']],
    ['gunicorn x:app', ['loopback:8000']],
    ['gunicorn -b :80 x:app', ['all:80']],
    ['gunicorn -b 0.0.0.0:80 -b 127.0.0.1:81 x:app', ['all:80', 'loopback:81']],
    ['gunicorn --bind unix:/tmp/s x:app', []],
    ['gunicorn --bind 10.0.0.4:80 x:app', ['address:80']],
    ['gunicorn --bind 0.0.0.0:${PORT:-80} x:app', ['all:80']],
    ['gunicorn --bind 0.0.0.0:$PORT x:app', ['unknown:?']],
    ['gunicorn --config /elsewhere.py x:app', '?'],
    ['celery -A x worker', '?'],
  ])('%s', (cmd, expected) => {
    expect(listening(cmd)).toEqual(expected);
  });

  test('variables of the container', () => {
    expect(listening('uvicorn main:app', {}, ['environment:', '  UVICORN_HOST: 0.0.0.0'])).toEqual(['all:8000']);
    expect(listening('gunicorn x:app', {}, ['environment:', '  PORT: 80'])).toEqual(['all:80']);
    expect(listening('gunicorn x:app', {}, ['environment:', '  GUNICORN_CMD_ARGS: --bind=0.0.0.0:80'])).toBe('?');
    expect(listening('flask run', {}, ['environment:', '  FLASK_RUN_PORT: 80'])).toEqual(['loopback:80']);
    expect(listening('uvicorn main:app', {}, ['env_file: hidden.env'])).toEqual(['unknown:?']);
  });

  test("Compose's own variables, and those of the container in Compose", () => {
    expect(listening('true', { '.env': 'P=81\n' }, ['command: uvicorn x:app --host 0.0.0.0 --port ${P}'])).toEqual([
      'all:81',
    ]);
    expect(listening('true', {}, ['command: uvicorn x:app --port $$P'])).toEqual(['loopback:?']);
  });

  test("gunicorn's configuration file", () => {
    const conf = (bind: string) => ({ 'gunicorn.conf.py': `import os\n\nbind = ${bind}\n` });
    expect(listening('gunicorn x:app', conf('"0.0.0.0:80"'))).toEqual(['all:80']);
    expect(listening('gunicorn x:app', conf("f\"0.0.0.0:{os.getenv('PORT', '81')}\""))).toEqual(['all:81']);
    expect(listening('gunicorn x:app', conf('choose()'))).toBe('?');
  });
});

describe('scripts', () => {
  const script = (body: string) => ({ 'app.py': body });
  const FLASK = 'from flask import Flask\n\napp = Flask(__name__)\n';
  test.each([
    [`${FLASK}app.run()\n`, ['loopback:5000']],
    [`${FLASK}app.run("0.0.0.0", 80)\n`, ['all:80']],
    [`${FLASK}app.run(port=80, host="0.0.0.0")\n`, ['all:80']],
    [`${FLASK}app.run(**options)\n`, '?'],
    [`${FLASK}app.run()\napp.run(port=1)\n`, '?'],
    [
      `import os\n${FLASK}app.run(host=os.environ.get("HOST", "0.0.0.0"), port=int(os.environ.get("PORT", 80)))\n`,
      ['all:80'],
    ],
    [`import os\n${FLASK}PORT = int(os.environ["PORT"])\napp.run(port=PORT)\n`, ['loopback:?']],
    ['import uvicorn\nuvicorn.run("main:app", host="0.0.0.0")\n', ['all:8000']],
    ['from waitress import serve\nfrom shop import app\nserve(app, port=80)\n', ['all:80']],
    ['from aiohttp import web\nweb.run_app(web.Application())\n', ['all:8080']],
    ['from other import app\napp.run()\n', '?'],
  ])('%s', (body, expected) => {
    expect(listening('python app.py', script(body))).toEqual(expected);
  });

  test.each([
    ['app.listen(3000)', ['all:3000']],
    ['const port = process.env.PORT || 3000;\napp.listen(port, () => console.log(port))', ['all:3000']],
    ["app.listen(3000, 'localhost')", ['loopback:3000']],
    ["app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', done)", ['loopback:3000']],
    ["const fastify = require('fastify')();\nfastify.listen({ port: 3000 })", ['loopback:3000']],
    ["const fastify = require('fastify')();\nfastify.listen({ port: 3000, host: '0.0.0.0' })", ['all:3000']],
    ['app.listen(config.port)', ['all:?']],
    ['app.listen(1);\napp.listen(2)', '?'],
    ['// app.listen(1)\napp.listen(2)', ['all:2']],
  ])('%s', (body, expected) => {
    expect(listening('node server.js', { 'server.js': `${body}\n` })).toEqual(expected);
  });

  test('development servers', () => {
    const files = (dev: string) => ({ 'package.json': JSON.stringify({ scripts: { dev } }) });
    expect(listening('npm run dev', files('vite'))).toEqual(['loopback:5173']);
    expect(listening('npm run dev', files('vite --host --port 80'))).toEqual(['all:80']);
    expect(listening('npm run dev -- --host 0.0.0.0', files('vite'))).toEqual(['all:5173']);
    expect(listening('yarn dev --host', files('vite'))).toEqual(['all:5173']);
    expect(listening('npm run dev', files('ng serve'))).toEqual(['loopback:4200']);
    expect(listening('npm run dev', files('vite build'))).toBe('?');
    expect(
      listening('npm run dev', { ...files('vite'), 'vite.config.js': 'export default { server: { host: pick() } }' }),
    ).toBe('?');
    expect(
      listening('npm run dev', { ...files('vite'), 'vite.config.js': 'export default { server: { port: 80 } }' }),
    ).toEqual(['loopback:80']);
  });
});
