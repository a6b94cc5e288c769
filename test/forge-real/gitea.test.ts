import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Forge } from '../../src/forge/forge.ts';
import { contract } from '../forge/contract.ts';
import { giteaApi } from '../forge/gitea-api.ts';
import { describeApi, type Schema } from '../forge/openapi.ts';
import type { Stage } from '../forge/stage.ts';
import { startGitea } from './gitea-program.ts';
import { giteaStage } from './gitea-stage.ts';

contract('a real Gitea', async () => giteaStage(await startGitea()));

describe('a real Gitea', () => {
  let stage: Stage;
  let forge: Forge;
  let token: string;

  beforeAll(async () => {
    stage = await giteaStage(await startGitea());
    token = await stage.account('dockfix-bot');
    forge = await stage.connect(token);
    await stage.addRepository('acme/shop', { 'README.md': 'A shop\n', 'old.txt': 'some text\n'.repeat(9) }, false);
    await stage.allow('acme/shop', 'dockfix-bot', 'admin');
    await stage.commit('acme/shop', 'fix', { 'old.txt': null, 'new.txt': 'some text\n'.repeat(9) });
    const text = { title: 'Repair', body: '', base: 'main', head: 'fix', draft: true };
    await forge.open('acme/shop', { ...text, labels: ['docker'], reviewers: ['root-of-all'] });
    await forge.comment('acme/shop', 1, 'A comment');
  }, 120_000);
  afterAll(() => stage?.close());

  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${stage.url}${path}`, { headers: { authorization: `token ${token}` } });
    return await response.json();
  };

  test('answers as the description says that tests elsewhere go by', async () => {
    const description = describeApi(giteaApi);
    for (const path of [
      ...['/user', '/users/acme/repos', '/orgs/acme/labels', '/repos/search?q=shop', '/repos/acme/shop'],
      ...['/repos/acme/shop/pulls?state=all', '/repos/acme/shop/pulls/1', '/repos/acme/shop/pulls/1/files'],
      ...['/repos/acme/shop/issues/1/comments', '/repos/acme/shop/labels'],
      '/repos/acme/shop/collaborators/dockfix-bot/permission',
    ]) {
      const found = description.find('GET', path.replace(/\?.*/, ''));
      if (!found) throw new Error(`${path} is not described`);
      const answered = await get(`/api/v1${path}`);
      expect([path, description.responseFaults(found.operation, 200, answered)]).toEqual([path, []]);
    }
  });

  test('says of itself all that the description says of it', async () => {
    const own = (await get('/swagger.v1.json')) as Swagger;
    expect(faultsOf(giteaApi as unknown as OpenApi, own)).toEqual([]);
  });

  test('has pages of lines at the addresses that reports have', async () => {
    const { headCommit } = await forge.pullRequest('acme/shop', 1);
    expect((await fetch(forge.lineUrl('acme/shop', headCommit, 'new.txt', 2))).status).toBe(200);
    expect((await fetch(forge.lineUrl('acme/shop', headCommit, 'old.txt', 2))).status).toBe(404);
  });

  test('finds a repository under the name that it had before', async () => {
    await fetch(`${stage.url}/api/v1/repos/acme/shop`, {
      method: 'PATCH',
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'store' }),
    });
    expect((await forge.repository('acme/shop')).name).toBe('acme/store');
    expect((await forge.update('acme/shop', 1, { title: 'Mend' })).title).toBe('Mend');
    expect(await forge.pullRequests('acme/shop', 'fix')).toMatchObject([{ number: 1, headRepository: 'acme/store' }]);
  });
});

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** The parts of Swagger 2.0 that are compared. */
interface Swagger {
  readonly paths: Readonly<Record<string, Readonly<Record<string, SwaggerOperation>>>>;
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}

interface SwaggerOperation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly enum?: readonly string[];
    readonly schema?: { readonly $ref?: string };
  }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

/** What the forge's own description does not have of ours: operations, parameters, their values, fields, statuses. */
function faultsOf(ours: OpenApi, own: Swagger): readonly string[] {
  const faults: string[] = [];
  for (const [path, methods] of Object.entries(ours.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const id = `${method} ${path}`;
      const theirs = own.paths[path]?.[method];
      if (!theirs) {
        faults.push(`${id}: is not there`);
        continue;
      }
      for (const { name, in: place, schema } of operation.parameters) {
        const known = theirs.parameters?.find((each) => each.name === name && each.in === place);
        if (!known) faults.push(`${id}: no parameter ${name}`);
        const values = (schema['enum'] ?? []) as readonly string[];
        for (const value of known?.enum ? values.filter((each) => !known.enum?.includes(each)) : [])
          faults.push(`${id}: ${name} is never ${value}`);
      }
      const body = operation.requestBody?.content['application/json'].schema['properties'] ?? {};
      const ref = theirs.parameters?.find((each) => each.in === 'body')?.schema?.$ref ?? '';
      const fields = own.definitions[ref.replace('#/definitions/', '')]?.properties ?? {};
      for (const name of Object.keys(body)) if (!(name in fields)) faults.push(`${id}: no field ${name}`);
      const success = Object.keys(operation.responses).find((status) => Number(status) < 300);
      if (!success || !(success in theirs.responses)) faults.push(`${id}: never ${success}`);
    }
  for (const [name, schema] of Object.entries(ours.components.schemas)) {
    const theirs = own.definitions[name]?.properties;
    if (name === 'Error') continue;
    for (const field of Object.keys(schema['properties'] ?? {}))
      if (!theirs || !(field in theirs)) faults.push(`${name}: no field ${field}`);
  }
  return faults;
}
