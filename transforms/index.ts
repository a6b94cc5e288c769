import type { Transform } from '../src/transform.ts';
import activateVenv from './activate-venv/transform.ts';
import addCeleryContext from './add-celery-context/transform.ts';
import addDeployScript from './add-deploy-script/transform.ts';
import addEntrypoint from './add-entrypoint/transform.ts';
import addHealthchecks from './add-healthchecks/transform.ts';
import bindAllInterfaces from './bind-all-interfaces/transform.ts';
import cleanApt from './clean-apt/transform.ts';
import copyFromStage from './copy-from-stage/transform.ts';
import declareEnv from './declare-env/transform.ts';
import declareRequirement from './declare-requirement/transform.ts';
import deferModuleInit from './defer-module-init/transform.ts';
import dropComposeVersion from './drop-compose-version/transform.ts';
import dropRoot from './drop-root/transform.ts';
import externaliseSecrets from './externalise-secrets/transform.ts';
import fixAppReference from './fix-app-reference/transform.ts';
import fixBuildPaths from './fix-build-paths/transform.ts';
import fixComposeShape from './fix-compose-shape/transform.ts';
import fixHealthcheck from './fix-healthcheck/transform.ts';
import fixShellScripts from './fix-shell-scripts/transform.ts';
import ignoreBuildContext from './ignore-build-context/transform.ts';
import matchSettings from './match-settings/transform.ts';
import noPipCache from './no-pip-cache/transform.ts';
import persistData from './persist-data/transform.ts';
import pythonEnv from './python-env/transform.ts';
import removeMigrator from './remove-migrator/transform.ts';
import repairConditional from './repair-conditional/transform.ts';
import restartPolicy from './restart-policy/transform.ts';
import simplifyDependsOn from './simplify-depends-on/transform.ts';
import singleDatabase from './single-database/transform.ts';
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
 * - `ignore-build-context` next: what the context lets in decides what is in an image;
 * - `fix-shell-scripts` before everything that reads or extends a script: new lines follow the line endings that it has;
 * - `repair-conditional` before all that reads Python: a module with a syntax error says nothing;
 * - `fix-app-reference` next, on images that can be read: all that follows starts from the module that the server imports;
 * - then images, `copy-from-stage` before everything that asks what an image holds: only then the virtual environment is in it;
 * - `unmask-dependencies` before `activate-venv`: PATH must name the place that the environment moves to;
 * - `declare-requirement` behind both: only an environment that is seen and used can lack something;
 * - all of them before `split-copy`, which orders the layers that they add and move, and that nothing later moves;
 * - `unquote-env-values` before whatever reads values: a quote in front hides what they are;
 * - `externalise-secrets` before all that moves or repeats a value: a secret never shows on a line that somebody else writes;
 * - `add-celery-context` before `declare-env`: a worker that makes the application needs what the application requires;
 * - `declare-env` before `use-service-hosts`, which looks at the values of the variables that a service has: what it adds for a
 *   default at localhost is never a variable that the source requires;
 * - `use-service-hosts` before everything that asks which stores a service uses: an address at localhost names none;
 * - `use-env-values` after it, so that a default that it writes has the right address already;
 * - `match-settings` behind all that writes values: it judges what the container gets in the end;
 * - `persist-data` once addresses are final: an SQLite path or a store that they name is where the data really lie;
 * - `remove-migrator` before `simplify-depends-on`, which would else repair edges to a service that goes away;
 * - `add-entrypoint` after both, so that the migration command has one owner and waits for healthy stores;
 * - `defer-module-init` after it, because it needs an entrypoint that runs the initialisation once;
 * - `bind-all-interfaces` before `fix-healthcheck`, which asks on what a process listens;
 * - `fix-healthcheck` last of the repairs: it reads the command, the environment and the source as all others leave them.
 *
 * Then hygiene, which sees a stack that works:
 * - `single-database` first, so that none of the others tends a service that goes away;
 * - `slim-runtime` before all that look at the stage that runs: it makes that stage;
 * - `drop-root` after it, so that the user is made where the process runs, and the compilers' stage stays as it is;
 * - `clean-apt`, `no-pip-cache` and `python-env` touch single instructions, also those that the two before them wrote;
 * - `add-healthchecks`, `restart-policy` and `drop-compose-version` touch single lines of Compose and depend on none of the others;
 * - `add-deploy-script` last: the script is written for the services that are left, and waits for their checks.
 */
export const transforms: readonly Transform[] = [
  fixComposeShape,
  fixBuildPaths,
  ignoreBuildContext,
  fixShellScripts,
  repairConditional,
  fixAppReference,
  copyFromStage,
  unmaskDependencies,
  activateVenv,
  declareRequirement,
  splitCopy,
  unquoteEnvValues,
  externaliseSecrets,
  addCeleryContext,
  declareEnv,
  useServiceHosts,
  useEnvValues,
  matchSettings,
  persistData,
  removeMigrator,
  simplifyDependsOn,
  addEntrypoint,
  deferModuleInit,
  bindAllInterfaces,
  fixHealthcheck,
  singleDatabase,
  slimRuntime,
  dropRoot,
  cleanApt,
  noPipCache,
  pythonEnv,
  addHealthchecks,
  restartPolicy,
  dropComposeVersion,
  addDeployScript,
];
