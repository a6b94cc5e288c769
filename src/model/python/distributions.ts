/** A distribution that a repository may lack. */
export interface Distribution {
  /** As its project page spells it: https://pypi.org/project/<name>/ */
  readonly name: string;
  /** Other distributions that bring the same module or program. */
  readonly instead: readonly string[];
  /**
   * Distributions that depend on it, when they are so few that they can be named. Else nobody knows whether an unknown
   * distribution brings it along.
   */
  readonly broughtBy: RegExp | undefined;
  /** Debian packages without which it cannot be built in a slim image. */
  readonly builtWith: string | undefined;
}

const known = (name: string, more: Partial<Distribution> = {}): Distribution => ({
  name,
  instead: [],
  broughtBy: undefined,
  builtWith: undefined,
  ...more,
});

const PLATFORMS = 'apache-(?:airflow|superset)|mlflow|label-studio|sentry|redash|zenml|feast';
/** A part of Flask: but for these platforms and for each other's extras, nothing depends on one. */
const flask = (name: string, others = '$^'): Distribution =>
  known(name, {
    broughtBy: new RegExp(`^(?:${PLATFORMS}|flask-(?:appbuilder|user|security.*|unchained|base)|${others})`),
  });
const driver = (name: string, others: string, instead: readonly string[] = []): Distribution =>
  known(name, { instead, broughtBy: new RegExp(`^(?:${PLATFORMS}|${others})|\\[.*(?:postgres|psycopg|mysql|pg|all)`) });

const GUNICORN = known('gunicorn', {
  broughtBy: new RegExp(`^(?:${PLATFORMS}|uvicorn-worker|graphite-web)|gunicorn|litellm|\\[.*(?:proxy|server)`),
});
const CELERY = known('celery', { broughtBy: new RegExp(`^(?:${PLATFORMS}|flower)|celery`) });
const PSYCOPG2 = driver('psycopg2-binary', 'aiopg|dbt-|pgcli|psycopg2', ['psycopg2', 'psycopg2cffi']);
const MYSQLCLIENT = {
  ...driver('mysqlclient', '$^', ['pymysql']),
  builtWith: 'gcc, pkg-config and default-libmysqlclient-dev',
};

/** Distributions by the module that they bring, where the name of the one does not leave a doubt about the other. */
const BY_MODULE: Readonly<Record<string, Distribution>> = {
  // Servers and workers.
  gunicorn: GUNICORN,
  uvicorn: known('uvicorn'),
  celery: CELERY,
  flower: known('flower', { broughtBy: /^$/ }),
  eventlet: known('eventlet'),
  gevent: known('gevent'),
  rq: known('rq'),
  // Frameworks.
  flask: known('Flask'),
  fastapi: known('fastapi'),
  django: known('Django'),
  flask_sqlalchemy: flask('Flask-SQLAlchemy', 'flask-(?:migrate|alembic|restless|continuum|marshmallow|admin|dance)'),
  flask_migrate: flask('Flask-Migrate'),
  flask_cors: flask('Flask-Cors', 'connexion|dash|dtale'),
  flask_login: flask('Flask-Login', 'flask-(?:principal|multipass|dance)'),
  flask_jwt_extended: flask('Flask-JWT-Extended'),
  flask_wtf: flask('Flask-WTF', 'flask-(?:bootstrap|admin|pagedown|ckeditor)'),
  flask_mail: flask('Flask-Mail'),
  flask_mailman: flask('Flask-Mailman'),
  flask_caching: flask('Flask-Caching'),
  flask_limiter: flask('Flask-Limiter'),
  flask_bcrypt: flask('Flask-Bcrypt'),
  flask_socketio: flask('Flask-SocketIO', 'locust|.*jupyter'),
  flask_restx: flask('flask-restx'),
  flask_restful: flask('Flask-RESTful', 'flasgger|flask-(?:restful|apispec|swagger).*'),
  flask_marshmallow: flask('flask-marshmallow'),
  flask_session: flask('Flask-Session'),
  flask_talisman: flask('flask-talisman'),
  flask_smorest: flask('flask-smorest'),
  flask_admin: flask('Flask-Admin'),
  flask_httpauth: flask('Flask-HTTPAuth', 'dash-auth'),
  flask_compress: flask('Flask-Compress', 'dash|dtale'),
  flasgger: flask('flasgger', 'dtale'),
  corsheaders: known('django-cors-headers', { broughtBy: /^(?:posthog|label-studio)/ }),
  rest_framework: known('djangorestframework'),
  whitenoise: known('whitenoise'),
  environ: known('django-environ', { instead: ['environ-config'] }),
  decouple: known('python-decouple'),
  environs: known('environs'),
  // Databases.
  psycopg2: PSYCOPG2,
  psycopg: driver('psycopg[binary]', 'procrastinate|langgraph|langchain|psycopg', ['psycopg']),
  asyncpg: driver('asyncpg', 'gino|prefect|databases|tortoise|ormar|piccolo|langchain|asyncpg|pgvector|fastcrud'),
  MySQLdb: MYSQLCLIENT,
  pymysql: driver('PyMySQL', 'aiomysql|dbt-|records|pymysql|mycli'),
  aiomysql: driver('aiomysql', 'tortoise|databases|ormar'),
  aiosqlite: known('aiosqlite'),
  pymongo: known('pymongo'),
  motor: known('motor'),
  redis: known('redis'),
  sqlalchemy: known('SQLAlchemy'),
  sqlmodel: known('sqlmodel'),
  alembic: known('alembic'),
  // Other modules.
  pydantic: known('pydantic'),
  pydantic_settings: known('pydantic-settings'),
  email_validator: known('email-validator'),
  python_multipart: known('python-multipart'),
  jwt: known('PyJWT', { instead: ['jwt'] }),
  jose: known('python-jose', { instead: ['python-jose-cryptodome', 'jose'] }),
  passlib: known('passlib', { instead: ['libpass'] }),
  bcrypt: known('bcrypt'),
  dotenv: known('python-dotenv', { instead: ['dotenv'] }),
  yaml: known('PyYAML'),
  PIL: known('Pillow', { instead: ['pillow-simd'] }),
  cv2: known('opencv-python-headless', {
    instead: ['opencv-python', 'opencv-contrib-python', 'opencv-contrib-python-headless'],
  }),
  sklearn: known('scikit-learn'),
  numpy: known('numpy'),
  pandas: known('pandas'),
  bs4: known('beautifulsoup4'),
  dateutil: known('python-dateutil'),
  requests: known('requests'),
  httpx: known('httpx'),
  jinja2: known('Jinja2'),
  boto3: known('boto3'),
};

/** Distributions by a program that they bring and that is no module of theirs. */
const BY_PROGRAM: Readonly<Record<string, Distribution>> = {
  'celery flower': known('flower', { broughtBy: /^$/ }),
  daphne: known('daphne'),
  hypercorn: known('hypercorn', { broughtBy: /^quart/ }),
  'waitress-serve': known('waitress'),
  uwsgi: known('uWSGI', { instead: ['pyuwsgi'], broughtBy: /uwsgi/, builtWith: 'gcc and libc6-dev' }),
  dramatiq: known('dramatiq', { broughtBy: /dramatiq/ }),
  streamlit: known('streamlit'),
};

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** The distribution that brings a top-level module; `undefined` when that is not known. */
export const distributionOfModule = (module: string): Distribution | undefined => own(BY_MODULE, module);

/** The distribution that brings a program (`gunicorn`, `celery flower`); `undefined` when that is not known. */
export const distributionOfProgram = (program: string): Distribution | undefined =>
  own(BY_PROGRAM, program) ??
  (/^(?:gunicorn|uvicorn|celery|flask|alembic|rq)$/.test(program) ? own(BY_MODULE, program) : undefined);
