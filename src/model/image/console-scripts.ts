/** Programs that Python distributions install, by program: the distribution first, then others that always bring it along. */
const PROVIDERS: Readonly<Record<string, RegExp>> = {
  uvicorn: /^(?:uvicorn|fastapi\[(?:standard|all)\]|fastapi-cli)$/,
  fastapi: /^(?:fastapi-cli|fastapi\[(?:standard|all)\])$/,
  gunicorn: /^gunicorn$/,
  hypercorn: /^hypercorn$/,
  daphne: /^(?:daphne|channels\[daphne\])$/,
  granian: /^granian$/,
  'waitress-serve': /^waitress$/,
  uwsgi: /^(?:uwsgi|pyuwsgi)$/,
  flask: /^flask(?:$|-(?:migrate|sqlalchemy|login|cors|restx|restful|jwt-extended|mail|wtf|caching|socketio)$)/,
  celery: /^(?:celery|flower|django-celery-(?:beat|results))$/,
  alembic: /^(?:alembic|flask-migrate)$/,
  'django-admin': /^(?:django|djangorestframework|django-[\w-]+)$/,
  rq: /^(?:rq|django-rq|rq-scheduler|flask-rq2)$/,
  rqworker: /^(?:rq|django-rq|rq-scheduler)$/,
  rqscheduler: /^rq-scheduler$/,
  dramatiq: /^(?:dramatiq|django-dramatiq)$/,
  'huey_consumer.py': /^huey$/,
  arq: /^arq$/,
  taskiq: /^taskiq$/,
  streamlit: /^streamlit$/,
  sanic: /^sanic$/,
  litestar: /^litestar$/,
  jupyter: /^(?:jupyter-core|jupyter|notebook|jupyterlab)$/,
  aerich: /^aerich$/,
  honcho: /^honcho$/,
  supervisord: /^supervisor$/,
  watchmedo: /^watchdog$/,
  watchfiles: /^(?:watchfiles|uvicorn\[standard\])$/,
  'ddtrace-run': /^ddtrace$/,
  'newrelic-admin': /^newrelic$/,
  'opentelemetry-instrument': /^opentelemetry-(?:instrumentation|distro)$/,
  airflow: /^apache-airflow$/,
  mlflow: /^mlflow$/,
  locust: /^locust$/,
  scrapy: /^scrapy$/,
  pytest: /^pytest$/,
  poetry: /^poetry$/,
  pipenv: /^pipenv$/,
  uv: /^uv$/,
  pdm: /^pdm$/,
};

/** Distributions that bring tools only, none of the servers and workers above but their own. */
const TOOLS =
  /^(?:pip|setuptools|wheel|build|virtualenv|poetry(?:-[\w-]+)?|pipenv|uv|pdm|hatch|pip-tools|pipx|gunicorn|uvicorn(?:\[standard\])?|awscli|supervisor)$/;

/** True for a program that a Python distribution is known to install. */
export const isConsoleScript = (program: string): boolean => Object.hasOwn(PROVIDERS, program);

/** Whether a distribution (normalised, extras in brackets) brings a program. `unknown`: perhaps one of its dependencies does. */
export function brings(distribution: string, program: string): 'yes' | 'no' | 'unknown' {
  const pattern = PROVIDERS[program];
  if (!pattern) return 'unknown';
  const name = distribution.replace(/\[.*$/, '');
  const extras = /\[(.*)\]$/.exec(distribution)?.[1]?.split(',') ?? [];
  if (pattern.test(name) || extras.some((extra) => pattern.test(`${name}[${extra.trim()}]`))) return 'yes';
  return TOOLS.test(distribution) ? 'no' : 'unknown';
}
