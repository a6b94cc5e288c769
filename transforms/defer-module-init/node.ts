import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { lineContentEnd, lineEnd, lineStart } from '../../src/lines.ts';
import { planEntrypoint } from '../../src/model/entrypoint.ts';
import { importedFile, loadedBy, type NodeServer, nodeServer, scriptIn } from '../../src/model/node/source.ts';
import type { StartCommand } from '../../src/model/process.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { ScriptCall, ScriptModule } from '../../src/parse/typescript.ts';
import { folderOf, nameOf, relativeTo } from '../../src/repo/path.ts';
import { importOf, initsIn, type NodeInit, runsOnLoad, scriptFor } from './node-init.ts';

const TOOLS: Readonly<Record<NodeInit['kind'], string>> = {
  sync: '',
  latest: 'knex migrate:latest',
  runMigrations: 'typeorm migration:run',
};

/** Node servers of several processes that each prepare the database when they load the application. */
export function* nodeFindings(stack: Stack): Iterable<Finding> {
  const done = new Set<ScriptCall>();
  for (const service of stack.services) {
    const view = stack.view(service);
    const server = nodeServer(stack, view);
    for (const init of server?.modules.flatMap((module) => initsIn(module)) ?? []) {
      if (!server || done.has(init.call) || init.module.broken || !runsOnLoad(init)) continue;
      done.add(init.call);
      const performer = performerOf(stack, view, init);
      const several =
        (server.count ?? 0) > 1 || (/^pm2/.test(view.startup.main?.program.name ?? '') && server.count === undefined);
      if (!several && !performer) continue;
      yield performer ? deletion(view, server, init, performer) : relocation(stack, view, server, init);
    }
  }
}

/** A command before the server, or a one-shot that it waits for, that does the same. */
function performerOf(stack: Stack, view: ServiceView, init: NodeInit): StartCommand | undefined {
  const oneShots = view.service.dependsOn
    .filter(({ condition }) => condition === 'service_completed_successfully')
    .flatMap(({ name }) => stack.neighbours(view.service).filter((other) => other.name === name))
    .map((other) => stack.view(other));
  const { commands, main } = view.startup;
  const before = commands.filter(
    (each, index) => each !== main && !each.background && (!main || index < commands.indexOf(main)),
  );
  const all = [
    ...before.map((command) => ({ command, of: view })),
    ...oneShots.flatMap((of) => of.startup.commands.map((command) => ({ command, of }))),
  ];
  return all.find(({ command, of }) => {
    if (command.conditional) return false;
    if (TOOLS[init.kind] !== '' && command.program.name === TOOLS[init.kind]) return true;
    const script =
      nameOf(command.argv[0] ?? '') === 'node'
        ? scriptIn(stack, of, command.argv.find((word) => /\.[cm]?[jt]s$/.test(word)) ?? '')
        : undefined;
    return (
      script !== undefined &&
      loadedBy(stack.sources, stack.repo, script).some(
        (module) => module !== init.module && initsIn(module).some((each) => each.kind === init.kind),
      )
    );
  })?.command;
}

const startEvidence = (server: NodeServer, { module, call, kind }: NodeInit): readonly Evidence[] => [
  ...server.evidence,
  {
    at: { ...call.at, path: module.path },
    says:
      kind === 'sync'
        ? 'creates the tables while the application is loaded'
        : 'migrates while the application is loaded',
  },
];

const says = (init: NodeInit, server: NodeServer, view: ServiceView): string =>
  `${init.module.path} calls ${init.call.callee}() in ${server.many === 'several' ? 'several' : `each of the ${server.many}`} processes of ${view.service.name}`;

function deletion(view: ServiceView, server: NodeServer, init: NodeInit, performer: StartCommand): Finding {
  const { call, module } = init;
  const message = `${says(init, server, view)}, though ${performer.script ?? 'another service'} has done it before the server starts: the repeats conflict with each other.`;
  const evidence = [
    ...startEvidence(server, init),
    { at: performer.at, says: 'this runs before the server and does the same' },
  ];
  if (!call.lines) return manual(message, init, evidence, 'what follows it waits for its result', view);
  return {
    message,
    at: { ...call.at, path: module.path },
    evidence,
    fix: {
      title: `Delete ${call.callee}(): it is done once before the server`,
      safety: 'review',
      changes: [withoutBlank(module, call.lines)],
    },
  };
}

/** The lines of a statement, with the blank line that would stand double. */
function withoutBlank(
  { text, path }: ScriptModule,
  { start, end }: { readonly start: number; readonly end: number },
): Edit {
  const blank = (at: number): boolean => text.slice(lineStart(text, at), lineContentEnd(text, at)).trim() === '';
  const both = start > 0 && blank(start - 1) && end < text.length && blank(end);
  return { path, start, end: both ? lineEnd(text, end) : end, text: '' };
}

function relocation(stack: Stack, view: ServiceView, server: NodeServer, init: NodeInit): Finding {
  const message = `${says(init, server, view)}: the processes race each other, and one of them fails or leaves the work half done.`;
  const evidence = startEvidence(server, init);
  const no = (why: string): Finding => manual(message, init, evidence, why, view);
  const { module, call, receiver } = init;
  if (server.count === undefined)
    return no('PM2 decides by the processors of the machine how many processes there are');
  if (!call.lines || call.within.length > 0) return no('what follows it waits for its result');
  if (!/\.[cm]?js$/.test(module.path))
    return no(`${module.path} is compiled before it runs, so that the path of a new file is not known`);
  if (call.args.some((each) => !/^(?:\{[^(){}]*\})?$/.test(each)) || /force:\s*true/.test(call.args.join()))
    return no('its arguments are more than plain options');
  const source = module.imports.find(
    ({ binds, module: from }) => binds.includes(receiver.split('.')[0] ?? '') && from.startsWith('.'),
  );
  const path = source && importedFile(stack.repo, module, source.module);
  if (!source || path === undefined) return no(`${receiver} is made in the same file, which starts the server as well`);
  const owner = stack.sources.typescript(path);
  const known = new Set(owner ? loadedBy(stack.sources, stack.repo, owner).map((each) => each.path) : []);
  const models = server.modules.filter(
    ({ text, path: own }) => own !== module.path && /\.define\(|extends\s+Model\b|\bModel\.init\(/.test(text),
  );
  if (init.kind === 'sync' && models.some((each) => !known.has(each.path)))
    return no(`${path} alone does not load all models`);
  const folder = folderOf(module.path);
  const ending = /\.[cm]?js$/.exec(module.path)?.[0] ?? '.js';
  const file = [folder, `init-db${ending}`].filter(Boolean).join('/');
  if (stack.repo.has(file)) return no(`${file} exists and does something else`);
  const place = view.image?.placesOf(file)[0];
  if (
    place === undefined ||
    view.service.mounts.some(({ kind, target }) => kind !== 'volume' && place.startsWith(`${target}/`))
  )
    return no(`it is not known where the image would have ${file}`);
  const plan = planEntrypoint(stack, {
    view,
    waitFor: view.stores
      .map(({ store }) => store)
      .filter(({ kind }) => /^(?:postgres|mysql|mariadb|mongo)$/.test(kind)),
    steps: [{ kind: 'init', argv: ['node', relativeTo(view.container.workdir ?? '/', place)] }],
  });
  if ('manual' in plan) return no(plan.manual);
  const last =
    server.modules.some((each) => each === module) && (module.uses.get(receiver.split('.')[0] ?? '') ?? 0) === 1;
  const drops =
    last &&
    source.binds.length === 1 &&
    server.modules.some(
      (each) => each !== module && each.imports.some((one) => importedFile(stack.repo, each, one.module) === path),
    );
  return {
    message,
    at: { ...call.at, path: module.path },
    evidence: [...evidence, ...plan.evidence],
    fix: {
      title: `Take ${call.callee}() out of the application: run it in ${file} once before ${view.service.name} starts`,
      safety: 'review',
      changes: [
        withoutBlank(module, call.lines),
        ...(drops ? [{ path: module.path, start: source.lines.start, end: source.lines.end, text: '' }] : []),
        {
          path: file,
          create: scriptFor(init, importOf(init, module.text.slice(source.at.start, source.at.end)), server),
        },
        ...plan.changes,
      ],
    },
  };
}

const manual = (
  message: string,
  { module, call }: NodeInit,
  evidence: readonly Evidence[],
  why: string,
  view: ServiceView,
): Finding => ({
  message,
  at: { ...call.at, path: module.path },
  evidence,
  fix: { title: `Take ${call.callee}() out of the application`, safety: 'manual', changes: [] },
  advice: `It is left to you because ${why}. Call it in a file of its own that the entrypoint of ${view.service.name} runs once before the server, and not where the application is loaded.`,
});
