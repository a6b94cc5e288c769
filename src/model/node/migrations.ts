import type { Evidence } from '../../finding.ts';
import { assignmentsOf, type DockerInstruction } from '../../parse/dockerfile.ts';
import { folderOf, joinContainer, within } from '../../repo/path.ts';
import type { Image } from '../image.ts';
import type { AppMigrations } from '../migration/app-migrations.ts';
import { nodePackage } from '../node-app.ts';
import type { ServiceView, Stack } from '../stack.ts';

interface NodeTool {
  readonly tool: string;
  /** The npm package that brings the command. */
  readonly package: string;
  /** Files below the folder of package.json that are migrations. */
  readonly files: RegExp;
  /** What has to stand beside them for the bare command to work. */
  readonly config: RegExp;
  readonly argv: readonly string[] | undefined;
  readonly script: RegExp;
}

const TOOLS: readonly NodeTool[] = [
  {
    tool: 'prisma migrate deploy',
    package: 'prisma',
    files: /^prisma\/migrations\/[^/]+\/migration\.sql$/,
    config: /^prisma\/schema\.prisma$/,
    argv: ['npx', 'prisma', 'migrate', 'deploy'],
    script: /\bprisma\b.*\bmigrate\b.*\bdeploy\b/,
  },
  {
    tool: 'knex migrate:latest',
    package: 'knex',
    files: /^(?:db\/|src\/db\/|database\/)?migrations\/[^/]+\.[cm]?[jt]s$/,
    config: /^knexfile\.[cm]?js$/,
    argv: ['npx', 'knex', 'migrate:latest'],
    script: /\bknex\b.*\bmigrate:latest\b/,
  },
  {
    tool: 'sequelize db:migrate',
    package: 'sequelize-cli',
    files: /^(?:db\/|src\/|database\/)?migrations\/[^/]+\.c?js$/,
    config: /^(?:\.sequelizerc|config\/config\.c?js(?:on)?)$/,
    argv: ['npx', 'sequelize-cli', 'db:migrate'],
    script: /\bsequelize(?:-cli)?\b.*\bdb:migrate\b(?!:)/,
  },
  {
    tool: 'typeorm migration:run',
    package: 'typeorm',
    files: /(?:^|\/)migrations?\/[^/]+\.[cm]?[jt]s$/,
    config: /^$/,
    argv: undefined,
    script: /\btypeorm\b.*\bmigration:run\b/,
  },
];

/** Calls by which a Node application applies its own migrations while it starts. */
const MIGRATES_ITSELF =
  /\bmigrate\.latest\s*\(|\.runMigrations\s*\(|\bmigrationsRun\s*:\s*true|\bsequelize\.sync\s*\(|\bnew Umzug\b|prisma migrate deploy|drizzle-orm\/[\w-]+\/migrator/;

/** The migrations of a Node application: Prisma, Knex, Sequelize or TypeORM, by its package.json. */
export function nodeMigrations(stack: Stack, view: ServiceView): AppMigrations | undefined {
  const manifest = nodePackage(stack.repo, view.container);
  if (!manifest) return undefined;
  const root = folderOf(manifest.path);
  const files = stack.repo.paths.flatMap((path) => {
    const relative = within(root, path);
    return relative === undefined || /(?:^|\/)(?:node_modules|dist|build)\//.test(relative) ? [] : [relative];
  });
  const sources = files.filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !/migrations?\/|\.(?:test|spec)\./.test(path));
  const full = (path: string): string => [root, path].filter(Boolean).join('/');
  if (sources.some((path) => MIGRATES_ITSELF.test(stack.repo.read(full(path)) ?? ''))) return undefined;
  for (const tool of TOOLS) {
    const first = files.find((path) => tool.files.test(path));
    const where = manifest.dependencies.has(tool.package)
      ? 'dependencies'
      : manifest.devDependencies.has(tool.package)
        ? 'devDependencies'
        : undefined;
    if (first === undefined || where === undefined) continue;
    const config = files.find((path) => tool.config.test(path));
    const script = Object.entries(manifest.scripts).find(
      ([, text]) => tool.script.test(text) && !/&&|\|\||;/.test(text),
    );
    const place = (path: string) => view.container.fileAt(joinContainer(view.container.workdir ?? '/', path));
    const evidence: Evidence[] = [
      { at: manifest.at(tool.package), says: `the application uses ${tool.package}` },
      { at: { path: full(first), start: 0, end: 0 }, says: 'one of its migrations' },
    ];
    const argv = script ? ['npm', 'run', script[0]] : config === undefined ? undefined : tool.argv;
    const why = reasonAgainst(view, where, tool, argv, place(first).kind === 'repo');
    const step =
      why === undefined && argv
        ? ({ kind: 'migrate', argv } as const)
        : { manual: why ?? `no script of package.json runs ${tool.tool}` };
    return { folder: folderOf(full(first)), tool: tool.tool, evidence, step };
  }
  return undefined;
}

function reasonAgainst(
  view: ServiceView,
  where: string,
  tool: NodeTool,
  argv: readonly string[] | undefined,
  inImage: boolean,
): string | undefined {
  if (!argv) return undefined;
  if (!inImage) return `the image of ${view.service.name} does not hold the migrations`;
  if (where === 'dependencies') return undefined;
  return view.image && installsForProduction(view.image)
    ? `${tool.package} is a development dependency, which the image does not install`
    : undefined;
}

const INSTALLS = /\b(?:npm (?:ci|i|install)\b|pnpm (?:i|install)\b|yarn(?: install| --|$|\s*(?:&&|;)))/m;

/** A flag, or NODE_ENV where the install runs, keeps development dependencies out. https://docs.npmjs.com/cli/commands/npm-install#omit */
const installsForProduction = ({ dockerfile, layers }: Image): boolean => {
  const runs = dockerfile.instructions.filter(({ keyword }) => keyword === 'RUN');
  if (runs.some(({ script }) => /--omit[= ]dev|--production\b(?!=false)|--prod\b|--only[= ]prod/.test(script)))
    return true;
  return runs
    .filter(({ script }) => INSTALLS.test(script) && !/\bNODE_ENV=dev|--include[= ]dev|--production=false/.test(script))
    .some((run) =>
      /^prod/.test(layers.find(({ instruction }) => instruction === run)?.expand('${NODE_ENV:-}') ?? before(run)),
    );

  /** In a stage that only lends files: the last value that is written above. */
  function before(run: DockerInstruction): string {
    const set = dockerfile.instructions
      .filter(({ keyword, at }) => /^(?:ENV|ARG)$/.test(keyword) && at.start < run.at.start)
      .flatMap((each) => assignmentsOf(each))
      .findLast(({ name }) => name === 'NODE_ENV');
    return set?.value ?? '';
  }
};
