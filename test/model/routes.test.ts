import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import { matches, type RouteTable, routesOf, serving } from '../../src/model/routes.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { Repo } from '../../src/repo/repo.ts';

beforeAll(async () => {
  await loadPython(pythonWasm());
});

function tableOf(server: string, files: Readonly<Record<string, string>>): RouteTable {
  const stack = readStack(
    Repo.of({
      Dockerfile: `FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ${server}\n`,
      'docker-compose.yml': 'services:\n  web:\n    build: .\n',
      ...files,
    }),
    undefined,
  );
  const [service] = stack.services;
  const table = service && routesOf(stack, stack.view(service));
  if (!table) throw new Error('no table of routes');
  return table;
}
const answers = (table: RouteTable, ...paths: readonly string[]): readonly string[] =>
  paths.map((path) => serving(table, path).is);

describe('matches', () => {
  test.each([
    ['/items/{id}', '/items/1', true],
    ['/items/{id}', '/items/1/x', false],
    ['/files/{p:path}', '/files/a/b', true],
    ['/items/<int:id>', '/items/x', false],
    ['/items/<id>', '/items/x', true],
    ['/a.b', '/aXb', false],
    ['/<any(a, b):x>', '/a', true],
  ])('%s %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });
});

describe('Flask', () => {
  const flask = (body: string, more: Readonly<Record<string, string>> = {}): RouteTable =>
    tableOf('gunicorn app:app', { 'app.py': `from flask import Flask, Blueprint\n${body}`, ...more });

  test('rules, methods and the slash at the end', () => {
    const table = flask(
      'app = Flask(__name__)\n@app.route("/a")\ndef a(): ...\n@app.post("/b")\ndef b(): ...\n@app.route("/c/", methods=["GET", "POST"])\ndef c(): ...\napp.add_url_rule("/d", view_func=a)\n',
    );
    expect(answers(table, '/a', '/a/', '/b', '/c', '/c/', '/d', '/e', '/static/x')).toEqual([
      'yes',
      'no',
      'no',
      'yes',
      'yes',
      'yes',
      'no',
      'unknown',
    ]);
  });

  test('blueprints: own prefix, that of the registration, nested ones', () => {
    const table = flask(
      'app = Flask(__name__)\nv1 = Blueprint("v1", __name__, url_prefix="/v1")\nusers = Blueprint("users", __name__, url_prefix="/users")\n@users.get("/me")\ndef me(): ...\nv1.register_blueprint(users)\napp.register_blueprint(v1, url_prefix="/api")\n',
    );
    expect(table.routes.map(({ path }) => path)).toEqual(['/api/users/me']);
  });

  test('Flask-RESTful and Flask-RESTX', () => {
    const table = flask(
      'from flask_restful import Api, Resource\napp = Flask(__name__)\napi = Api(app, prefix="/api")\nclass Health(Resource):\n    def get(self): ...\nclass Push(Resource):\n    def post(self): ...\napi.add_resource(Health, "/health", "/h")\napi.add_resource(Push, "/push")\n',
    );
    expect(answers(table, '/api/health', '/api/h', '/api/push', '/health')).toEqual(['yes', 'yes', 'no', 'no']);
    const restx = flask(
      'from flask_restx import Api, Namespace, Resource\napp = Flask(__name__)\napi = Api()\nns = Namespace("stock")\n@ns.route("/state")\nclass State(Resource):\n    def get(self): ...\napi.add_namespace(ns)\napi.init_app(app)\n',
    );
    expect(answers(restx, '/stock/state', '/swagger.json', '/', '/state')).toEqual(['yes', 'yes', 'yes', 'no']);
  });

  test('what nobody can see is unknown', () => {
    const loop = 'app = Flask(__name__)\nfor bp in found():\n    app.register_blueprint(bp)\n';
    const condition =
      'import os\napp = Flask(__name__)\nbp = Blueprint("b", __name__)\nif os.getenv("X"):\n    app.register_blueprint(bp, url_prefix="/x")\n';
    const extension = 'from admin_kit import Kit\napp = Flask(__name__)\nKit(app)\n';
    const harmless = 'from flask_cors import CORS\napp = Flask(__name__)\nCORS(app)\n';
    const wrapped = 'app = Flask(__name__)\napp.wsgi_app = Prefix(app.wsgi_app)\n';
    expect(answers(flask(loop), '/x')).toEqual(['unknown']);
    expect(answers(flask(condition), '/x/y', '/y')).toEqual(['unknown', 'no']);
    expect(answers(flask(extension), '/x')).toEqual(['unknown']);
    expect(answers(flask(harmless), '/x')).toEqual(['no']);
    expect(answers(flask(wrapped), '/x')).toEqual(['unknown']);
    expect(
      answers(flask('import importlib\napp = Flask(__name__)\nimportlib.import_module("plugins")\n'), '/x'),
    ).toEqual(['unknown']);
  });

  test('routes of modules that are not imported do not count', () => {
    const table = flask('app = Flask(__name__)\n', {
      'other.py': 'from app import app\n@app.get("/other")\ndef other(): ...\n',
    });
    expect(answers(table, '/other')).toEqual(['no']);
  });

  test('what a route needs', () => {
    const table = flask(
      'from flask_login import login_required\nfrom x import odd\napp = Flask(__name__)\n@app.get("/a")\n@login_required\ndef a(): ...\n@app.get("/b/<id>")\ndef b(id): ...\n@app.get("/c")\n@odd\ndef c(): ...\n@app.get("/d")\ndef d(): ...\n',
    );
    expect(table.routes.map(({ need }) => need)).toEqual(['login', 'parameters', 'unknown', 'nothing']);
  });
});

describe('FastAPI', () => {
  const fastapi = (body: string, more: Readonly<Record<string, string>> = {}): RouteTable =>
    tableOf('uvicorn app:app', { 'app.py': `from fastapi import FastAPI, APIRouter, Depends\n${body}`, ...more });

  test('prefixes of routers and of their inclusion, documentation, slashes', () => {
    const table = fastapi(
      'router = APIRouter(prefix="/users")\n@router.get("/me")\ndef me(): ...\nv1 = APIRouter()\nv1.include_router(router, prefix="/v1")\napp = FastAPI(docs_url="/help", redoc_url=None)\napp.include_router(v1, prefix="/api")\n',
    );
    expect(answers(table, '/api/v1/users/me', '/api/v1/users/me/', '/help', '/docs', '/redoc', '/users/me')).toEqual([
      'yes',
      'yes',
      'yes',
      'no',
      'no',
      'no',
    ]);
  });

  test('a prefix from the settings, as far as it is certain', () => {
    const body =
      'from settings import settings\nrouter = APIRouter()\n@router.get("/health")\ndef health(): ...\napp = FastAPI()\napp.include_router(router, prefix=settings.api_prefix)\n';
    const settings = (value: string) => ({
      'settings.py': `import os\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    api_prefix: str = ${value}\nsettings = Settings()\n`,
    });
    expect(answers(fastapi(body, settings('"/api"')), '/api/health', '/health')).toEqual(['yes', 'no']);
    expect(answers(fastapi(body, settings('os.environ["P"]')), '/health')).toEqual(['unknown']);
    expect(answers(fastapi(body, { ...settings('"/api"'), '.env': 'API_PREFIX=/v2\n' }), '/health')).toEqual([
      'unknown',
    ]);
  });

  test('mounted applications, root_path and a factory', () => {
    const table = fastapi(
      'from fastapi.staticfiles import StaticFiles\ndef make():\n    application = FastAPI(root_path="/shop")\n    application.mount("/files", StaticFiles(directory="f"))\n    return application\napp = make()\n',
    );
    expect(answers(table, '/files/a', '/shop/x', '/x')).toEqual(['unknown', 'unknown', 'no']);
  });

  test('what a route needs', () => {
    const table = fastapi(
      'from typing import Annotated\nfrom deps import get_db, get_current_user\nUser = Annotated[str, Depends(get_current_user)]\napp = FastAPI()\n@app.get("/a")\ndef a(db=Depends(get_db)): ...\n@app.get("/b")\ndef b(user: User): ...\n@app.get("/c")\ndef c(q: str): ...\n@app.get("/d")\ndef d(q: str = ""): ...\n',
    );
    expect(table.routes.slice(0, 4).map(({ need }) => need)).toEqual(['nothing', 'login', 'parameters', 'nothing']);
  });

  test('two paths of one function', () => {
    const table = fastapi('app = FastAPI()\n@app.get("/a")\n@app.get("/b")\ndef a(): ...\n');
    expect(table.routes.slice(0, 2).map(({ path, need }) => `${path} ${need}`)).toEqual(['/a nothing', '/b nothing']);
  });

  test('routers that are included when the server starts', () => {
    const table = fastapi('app = FastAPI()\n@app.on_event("startup")\ndef start():\n    app.include_router(load())\n');
    expect(answers(table, '/x')).toEqual(['unknown']);
  });
});

describe('Django', () => {
  const django = (urls: string, hosts = '["*"]'): RouteTable =>
    tableOf('gunicorn site.wsgi', {
      'site/__init__.py': '',
      'site/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n',
      'site/settings.py': `import os\nROOT_URLCONF = "site.urls"\nALLOWED_HOSTS = ${hosts}\n`,
      'site/urls.py': urls,
      'shop/__init__.py': '',
      'shop/urls.py': 'urlpatterns = [path("ping/", ping), path("<int:pk>/", item)]\n',
    });

  test('includes, the admin, routers and regular expressions', () => {
    const table = django(
      'urlpatterns = [\n    path("admin/", admin.site.urls),\n    path("shop/", include("shop.urls")),\n    path("api/", include(router.urls)),\n    re_path(r"^up/?$", up),\n    re_path(r"^x/(?P<id>[0-9]+)/$", x),\n]\n',
    );
    expect(
      answers(table, '/shop/ping/', '/shop/ping', '/shop/3/', '/admin/login/', '/api/y', '/up', '/x/1/', '/ping/'),
    ).toEqual(['yes', 'yes', 'yes', 'unknown', 'unknown', 'yes', 'unknown', 'no']);
    expect(answers(django('urlpatterns = [path("a/", a)] + static("/media/")\n'), '/b')).toEqual(['unknown']);
  });

  test('allowed hosts', () => {
    expect(django('urlpatterns = []\n').hosts?.('localhost')).toBe('yes');
    expect(django('urlpatterns = []\n', '["example.org"]').hosts?.('localhost')).toBe('no');
    expect(django('urlpatterns = []\n', 'os.environ["H"].split(",")').hosts?.('localhost')).toBe('unknown');
  });
});
