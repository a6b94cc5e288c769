import type { Transform } from '../src/transform.ts';
import activateVenv from './activate-venv/transform.ts';
import addCeleryContext from './add-celery-context/transform.ts';
import addEntrypoint from './add-entrypoint/transform.ts';
import cleanApt from './clean-apt/transform.ts';
import copyFromStage from './copy-from-stage/transform.ts';
import declareEnv from './declare-env/transform.ts';
import deferModuleInit from './defer-module-init/transform.ts';
import dropRoot from './drop-root/transform.ts';
import fixAppReference from './fix-app-reference/transform.ts';
import fixBuildPaths from './fix-build-paths/transform.ts';
import fixComposeShape from './fix-compose-shape/transform.ts';
import noPipCache from './no-pip-cache/transform.ts';
import pythonEnv from './python-env/transform.ts';
import removeMigrator from './remove-migrator/transform.ts';
import repairConditional from './repair-conditional/transform.ts';
import simplifyDependsOn from './simplify-depends-on/transform.ts';
import slimRuntime from './slim-runtime/transform.ts';
import splitCopy from './split-copy/transform.ts';
import unmaskDependencies from './unmask-dependencies/transform.ts';
import unquoteEnvValues from './unquote-env-values/transform.ts';
import useEnvValues from './use-env-values/transform.ts';
import useServiceHosts from './use-service-hosts/transform.ts';

/**
 * The pipeline, in the order it runs. Each transform sees what its predecessors left behind, so:
 * - `fix-compose-shape` first: nobody sees the services of a file that Compose rejects;
 * - `fix-build-paths` then: whoever reads an image needs its Dockerfile and its context. It leaves the build of a
 *   one-shot migrator alone, which `remove-migrator` takes out as a whole: a repaired path would only make it look sound;
 * - `repair-conditional` before all that reads Python: a module with a syntax error says nothing;
 * - `fix-app-reference` next, on images that can be read: all that follows starts from the module that the server imports;
 * - then images, `copy-from-stage` before everything that asks what an image holds: only then the virtual environment is in it;
 * - `unmask-dependencies` before `activate-venv`: PATH must name the place that the environment moves to;
 * - both before `split-copy`, which orders the layers that they add and move;
 * - `split-copy` last of the images: nothing later moves the layers that it orders;
 * - `unquote-env-values` before whatever reads values: a quote in front hides what they are;
 * - `declare-env` before `use-service-hosts`, which looks at the values of the variables that a service has: what it adds for a
 *   default at localhost is never a variable that the source requires;
 * - `use-service-hosts` before everything that asks which stores a service uses: an address at localhost names none;
 * - `use-env-values` after it, so that a default that it writes has the right address already;
 * - `remove-migrator` before `simplify-depends-on`, which would else repair edges to a service that goes away;
 * - `add-entrypoint` after both, so that the migration command has one owner and waits for healthy stores;
 * - `defer-module-init` after it, because it needs an entrypoint that runs the initialisation once;
 * - `add-celery-context` last of the repairs: it touches the worker's module only.
 *
 * Then the group `hygiene`, which works on stacks that run:
 * - `slim-runtime` before all that look at the stage that runs: it makes that stage;
 * - `drop-root` after it, so that the user is made where the process runs, and the compilers' stage stays as it is;
 * - `clean-apt`, `no-pip-cache` and `python-env` last: they touch single instructions, also those that the two before them wrote.
 */
export const transforms: readonly Transform[] = [
  fixComposeShape,
  fixBuildPaths,
  repairConditional,
  fixAppReference,
  copyFromStage,
  unmaskDependencies,
  activateVenv,
  splitCopy,
  unquoteEnvValues,
  declareEnv,
  useServiceHosts,
  useEnvValues,
  removeMigrator,
  simplifyDependsOn,
  addEntrypoint,
  deferModuleInit,
  addCeleryContext,
  slimRuntime,
  dropRoot,
  cleanApt,
  noPipCache,
  pythonEnv,
];
