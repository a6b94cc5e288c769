import { expect, test } from 'vitest';
import { closesCycle, waitsThrough } from '../../src/model/compose/dependency-graph.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';

const read = (services: string) => {
  const stack = readStack(Repo.of({ 'compose.yaml': `services:\n${services}` }), undefined);
  const named = (name: string) => {
    const found = stack.services.find((service) => service.name === name);
    if (!found) throw new Error(`no service ${name}`);
    return found;
  };
  return { stack, named };
};

test.each([
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x }\n', false],
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n', true],
  [
    '  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [a] }\n',
    true,
  ],
  [
    '  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [b] }\n',
    false,
  ],
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x, links: ["a:web"] }\n', true],
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x, network_mode: "service:a" }\n', true],
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x, volumes_from: ["container:a"] }\n', false],
  ['  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [ghost] }\n', false],
])('whether an edge from a to b closes a cycle: %j', (services, expected) => {
  const { stack, named } = read(services);
  expect(closesCycle(stack, named('a'), named('b'))).toBe(expected);
});

const DB = '  db: { image: postgres }\n';
const WAITS = 'depends_on: { db: { condition: service_healthy } }';

test.each([
  [`  a: { image: x, ${WAITS} }\n${DB}`, true],
  [`  a: { image: x, depends_on: [db] }\n${DB}`, false],
  [`  a: { image: x, depends_on: [web] }\n  web: { image: x, ${WAITS} }\n${DB}`, true],
  [`  a: { image: x, depends_on: [web, db] }\n  web: { image: x, depends_on: [db] }\n${DB}`, false],
  [
    `  a: { image: x, depends_on: { web: { condition: service_started, required: false } } }\n  web: { image: x, ${WAITS} }\n${DB}`,
    false,
  ],
])('whether a waits until db is healthy: %j', (services, expected) => {
  const { stack, named } = read(services);
  expect(waitsThrough(stack, named('a'), named('a').dependsOn, named('db'))).toBe(expected);
});
