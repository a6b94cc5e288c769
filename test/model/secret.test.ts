import { describe, expect, test } from 'vitest';
import { secretsOf } from '../../src/model/secret/known.ts';
import { isCommon, isSecret, isSecretName, isSecretValue } from '../../src/model/secret.ts';
import { Repo } from '../../src/repo/repo.ts';

describe('names', () => {
  test.each(
    'PASSWORD DB_PASSWORD PGPASSWORD POSTGRES_PASSWORD MYSQL_ROOT_PASSWORD RABBITMQ_DEFAULT_PASS MYSQL_PWD SECRET_KEY SECRET_KEY_BASE JWT_SECRET JWT_SECRET_KEY STRIPE_API_KEY APIKEY GITHUB_TOKEN dbPassword spring.datasource.password MINIO_ROOT_PASSWORD AWS_SECRET_ACCESS_KEY PRIVATE_KEY FERNET_KEY APP_KEY CLIENT_SECRET KEYSTORE_PASSPHRASE NEXTAUTH_SECRET PASSWORD2 SALT SENTRY_DSN'.split(
      ' ',
    ),
  )('%s holds a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });
  test.each(
    'POSTGRES_PASSWORD_FILE SECRET_NAME PASSWORD_MIN_LENGTH TOKEN_EXPIRE_MINUTES JWT_ALGORITHM JWT_EXPIRATION_HOURS ACCESS_TOKEN_LIFETIME PUBLIC_KEY STRIPE_PUBLISHABLE_KEY KEY_PREFIX API_KEY_HEADER POSTGRES_HOST_AUTH_METHOD MYSQL_ALLOW_EMPTY_PASSWORD TOKEN_URL SSH_KEY_PATH PRIMARY_KEY COMPASS KEYBOARD CACHE_KEY_PREFIX PASSWORD_HASHERS BYPASS_CACHE'.split(
      ' ',
    ),
  )('%s does not', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('values', () => {
  test.each(['hunter2', 'S3cr3t!', 'postgres', 'correct horse battery', 'a8f5f167f44f4964e6c998dee827110c', '123456'])(
    '%s can be a secret',
    (value) => {
      expect(isSecretValue(value)).toBe(true);
    },
  );
  test.each([
    'change-me',
    'changeme',
    'CHANGE_ME_PLEASE',
    'a-changer',
    'cle-de-developpement-a-remplacer',
    'your-secret-key',
    'your_api_key_here',
    '<your key>',
    '${DB_PASSWORD}',
    '${DB_PASSWORD:?set it}',
    '$DB_PASSWORD',
    '/run/secrets/db',
    '/usr/local/share/ca-certificates/InternalCA2024/root',
    './secrets/db.txt',
    '',
    'true',
    'yes',
    'xxxxxxxx',
    '***',
    '{{ vault_password }}',
    'vault:secret/db#password',
    '30d',
    'HS256',
  ])('%s cannot', (value) => {
    expect(isSecretValue(value)).toBe(false);
  });
  test.each([
    ['FLOWER_BASIC_AUTH', 'admin:Gyrophare-2025'],
    ['FLOWER_BASIC_AUTH', 'admin:admin'],
    ['basic_auth', 'ops@example.org:Balise-88'],
    ['NEO4J_AUTH', 'neo4j/Lanterne-71'],
    ['SMTP_AUTH', 'mailer:Lanterne-71'],
  ])('%s=%s is a login', (name, value) => {
    expect(isSecret(name, value)).toBe(true);
  });
  test.each([
    ['FLOWER_BASIC_AUTH', 'admin:change-me'],
    ['FLOWER_BASIC_AUTH', '${FLOWER_BASIC_AUTH}'],
    ['BASIC_AUTH', 'true'],
    ['BASIC_AUTH', 'enabled-for-staging'],
    ['PROXY_BASIC_AUTH', 'admin:$$2y$$05$$q1vZr0xqFvS2cYyAaB7Hue'],
    ['NEO4J_AUTH', 'none'],
    ['SMTP_AUTH', 'plain:login'],
    ['AUTH', 'keycloak:8080'],
    ['UPSTREAM_AUTH', 'http://auth:9000'],
    ['POSTGRES_HOST_AUTH_METHOD', 'trust'],
  ])('%s=%s is none', (name, value) => {
    expect(isSecret(name, value)).toBe(false);
  });
  test('a key that nobody calls one shows by its look', () => {
    expect(isSecret('MAPS_KEY', 'q8ZrT61xYb9LmN20vWcK')).toBe(true);
    expect(isSecret('MAPS_KEY', 'main')).toBe(false);
    expect(isSecret('PDO_DSN', 'mysql:host=db;dbname=shop')).toBe(false);
    expect(isSecret('SENTRY_DSN', 'https://9f8e7d6c5b4a39281706f5e4d3c2b1a0@o1.ingest.sentry.io/1')).toBe(true);
  });
  test.each(['postgres', 'admin', 'admin123', 'shop_dev', 'password', 'minioadmin', 'app', 'sunflower'])(
    '%s is a usual word',
    (value) => {
      expect(isCommon(value)).toBe(true);
    },
  );
  test.each(['hunter2x', 'S3cret-99', 'a8f5f167f44f4964', 'Tr0ub4dor&3'])('%s is not', (value) => {
    expect(isCommon(value)).toBe(false);
  });
});

test('the secrets of a repository, also of a file that does not parse', () => {
  const { anywhere, inPlace } = secretsOf(
    Repo.of({
      'docker-compose.yml': [
        'services:',
        '  db:',
        '    image: postgres:16',
        '    environment:',
        '      POSTGRES_PASSWORD: "Aa1\\"quoted#9" # the real one',
        '      POSTGRES_USER: shop',
        '  web:',
        '    environment:',
        '      - DATABASE_URL=postgresql://shop:p%40ss-7431@db:5432/shop',
        '      - ADMIN_PASSWORD=admin',
        '      - SECRET_KEY=${SECRET_KEY:-k9-Lm2xQz}',
        '    command: redis-server --requirepass Redis-5512',
        '   broken: [',
      ].join('\n'),
      '.env':
        'export MAIL_PASSWORD="with blank 42"\nOTHER=free\nTLS="-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"\n',
      Dockerfile: 'FROM a\nENV API_TOKEN Tok-88123\nARG NPM_TOKEN=npm-local-991\n',
      '.env.example': 'MAIL_PASSWORD=smtp-pass-1\n',
      'run.sh': [
        'docker run -e JWT_SECRET=jwt-77-aa app',
        'curl -fsu bot:Curl-771x https://a.example.org',
        'curl -H "Authorization: Bearer Bear-662y" https://a.example.org',
        `psql -c "ALTER USER shop PASSWORD 'Sql-553z'"`,
        'export SIGNING_KEY=/actjh1d2SWJCC2FKnEihz7oBa3ViUIW',
        'export STORE="Endpoint=sb://x;AccountName=shop;AccountKey=Acc-884w+1==;Suffix=net"',
        'curl "https://a.example.org/hook?id=7&token=Hook-119q&x=1"',
      ].join('\n'),
    }),
  );
  for (const value of [
    'Aa1"quoted#9',
    'p@ss-7431',
    'p%40ss-7431',
    'k9-Lm2xQz',
    'Redis-5512',
    'with blank 42',
    'Tok-88123',
    'jwt-77-aa',
    'Curl-771x',
    'Bear-662y',
    'Sql-553z',
    '/actjh1d2SWJCC2FKnEihz7oBa3ViUIW',
    'Acc-884w+1==',
    'Hook-119q',
  ])
    expect([...anywhere]).toContain(value);
  expect([...anywhere].some((value) => value.includes('MIIEvQIBADANBg'))).toBe(true);
  expect([...inPlace]).toContain('admin');
  for (const value of ['shop', 'free', 'smtp-pass-1']) expect([...anywhere, ...inPlace]).not.toContain(value);
});

test('what only looks like the option of a password is none', () => {
  const { anywhere, inPlace } = secretsOf(
    Repo.of({
      'docker-compose.yml': [
        'services:',
        '  worker:',
        '    command: celery -A shop.celery_app worker',
        '    environment:',
        '      - SECRET_KEY=${SECRET_KEY}',
        '  cache:',
        '    healthcheck:',
        '      test:',
        '        - CMD',
        '        - redis-cli',
        '        - -a',
        '        - Redis-5512',
        '    command:',
        '      - redis-server',
        '      - --requirepass',
        '      - Redis-6623',
        '  api:',
        '    environment:',
        '      API_KEY_HEADER: X-API-Key',
        '      STRIPE_PUBLISHABLE_KEY: pk_demo_8c1f20a7d5b3',
      ].join('\n'),
      'build.sh':
        'docker build --secret id=npmrc-file,src=.npmrc . && cp -a build-output-2 dist\nlogin --password --verbose-9x\n',
    }),
  );
  expect([...anywhere, ...inPlace]).toEqual(['Redis-6623', 'Redis-5512']);
});
