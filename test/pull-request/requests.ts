import type { FixRequest } from '../../src/pull-request/types.ts';
import type { NewRepository } from '../forge/world.ts';

/** Everything as it is by default. */
export const REQUEST: FixRequest = {
  repository: 'acme/shop',
  onePerTransform: false,
  draft: false,
  safeOnly: false,
  only: [],
  skip: [],
  group: [],
  labels: [],
  reviewers: [],
  dryRun: false,
};

/** A web service that listens for itself alone, and looks for its database there: several repairs, and a secret. */
export const BROKEN: NonNullable<NewRepository['files']> = {
  Dockerfile:
    'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["gunicorn", "-b", "127.0.0.1:8000", "wsgi:app"]\n',
  'docker-compose.yml': `services:
  web:
    build: .
    ports:
      - "8000:8000"
    environment:
      DATABASE_URL: postgresql://shop:s3cr3t-Passw0rd@localhost/shop
    depends_on:
      - db
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: s3cr3t-Passw0rd
      POSTGRES_DB: shop
`,
  'requirements.txt': 'flask\ngunicorn\nflask-sqlalchemy\npsycopg2-binary\n',
  'wsgi.py': `import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)
`,
  '.gitignore': '.env\n',
};
