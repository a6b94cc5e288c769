/** Python files as they stand in dockerised repositories, valid in Python 3.11. */
export const pythonSources: readonly string[] = [
  `"""Application factory."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy

if TYPE_CHECKING:
    from flask.wrappers import Response

db = SQLAlchemy()


def create_app(config: dict[str, Any] | None = None, *, testing: bool = False) -> Flask:
    """Crée l'application 🚀."""
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY=os.environ.get("SECRET_KEY", "dev"),
        SQLALCHEMY_DATABASE_URI=f"postgresql://{os.environ['DB_USER']}:{os.environ['DB_PASS']}@db:5432/app",
        TESTING=testing,  # for the tests
    )
    if config is not None:
        app.config.update(config)
    elif "APP_CONFIG" in os.environ:
        app.config.from_envvar("APP_CONFIG")
    else:
        pass

    db.init_app(app)
    with app.app_context():
        from . import models  # noqa: F401

        db.create_all()

    @app.route("/health", methods=["GET"])
    def health() -> Response:
        try:
            db.session.execute("SELECT 1")
        except (OSError, ValueError) as error:
            return jsonify(status="down", error=str(error)), 503
        except Exception:
            raise
        else:
            return jsonify({"status": "ok", **request.args})
        finally:
            db.session.close()

    return app


if __name__ == "__main__":
    create_app().run(host="0.0.0.0", port=int(os.getenv("PORT", "5000")), debug=True)
`,
  `import logging
import time
from celery import Celery, shared_task
from celery.signals import worker_ready as ready, task_failure
from .config import (
    BROKER_URL,  # redis://redis:6379/0
    RESULT_BACKEND,
)

logger = logging.getLogger(__name__)
celery = Celery("worker", broker=BROKER_URL, backend=RESULT_BACKEND)
celery.conf.update(task_serializer="json", accept_content=["json"], timezone="Europe/Paris")


class ContextTask(celery.Task):
    abstract = True
    retries: int = 3

    def __call__(self, *args, **kwargs):
        with self.app.app_context(), self.lock(timeout=5) as lock:
            while not lock.acquired:
                time.sleep(0.1)
                if lock.expired: break
            else:
                return self.run(*args, **kwargs)
        return None

    @property
    def name_of(self): return f"{self.__class__.__name__!r:>20}"


celery.Task = ContextTask


@shared_task(bind=True, max_retries=3)
def send(self, to, subject="Hello", *rest, **options):
    global last
    last = to
    try:
        deliver(to, subject, *rest, **options)
    except ConnectionError as exc:
        raise self.retry(exc=exc, countdown=2 ** self.request.retries) from exc
    for index, (key, value) in enumerate(sorted(options.items(), key=lambda item: item[0])):
        logger.info("%d %s=%s", index, key, value); logger.debug('''a
  b''')
    return {name: len(value) for name, value in options.items() if value}


@ready.connect
def on_ready(**_):
    assert celery.control.ping(), "nobody answers"
    del globals()["last"]
`,
  `import asyncio
import contextlib
from dataclasses import dataclass, field

from fastapi import Depends, FastAPI, HTTPException

try:
    import uvloop
except ImportError:
    uvloop = None


@dataclass(frozen=True)
class Point:
    x: int = 0
    y: int = 0
    tags: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    async with connect() as pool:
        app.state.pool = pool
        yield
    await asyncio.gather(*(task for task in asyncio.all_tasks() if not task.done()))


app = FastAPI(lifespan=lifespan)


def describe(value):
    match value:
        case Point(x=0, y=0):
            return "origin"
        case Point(x=x) if x > 0:
            return f"right {x:+d}"
        case [first, *rest] | (first, rest):
            return first, rest
        case {"kind": kind, **others}:
            return kind
        case -1 | "a" "b" | None:
            pass
        case _:
            return ...


@app.get("/items/{item_id}")
async def read_item(item_id: int, limit: int = 10, pool=Depends(lambda: app.state.pool)):
    if (item := await pool.fetch(item_id)) is None:
        raise HTTPException(status_code=404)
    rows = [row async for row in pool.cursor(limit)]
    total = sum(row["n"] for row in rows) \\
        + 1_000
    return {"item": item, "rows": rows[:limit], "total": total if total > 0 else None}


def main() -> None:
    if uvloop: uvloop.install()
    import uvicorn
    uvicorn.run("main:app", host="0.0.0.0", port=8000)


if __name__ == "__main__":
    main()
`,
];
