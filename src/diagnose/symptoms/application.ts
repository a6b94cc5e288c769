import type { Symptom } from '../types.ts';

/** What applications say when they start, mostly in Python and Node. */
export const applicationSymptoms: readonly Symptom[] = [
  {
    id: 'application-context',
    patterns: [/Working outside of (?:application|request) context/],
    means: () => 'Code that needs the Flask application runs where none is active: mostly a Celery task.',
    suspects: [{ transform: 'add-celery-context', by: [] }],
    look: () => [
      'The first lines of your own code in the trace: they need "with app.app_context():", or a task class that pushes it.',
    ],
    search: [],
  },
  {
    id: 'value-in-quotes',
    patterns: [/Could not parse (?:rfc1738|SQLAlchemy) URL from/, /Invalid URL: ["'\\]{1,2}\w+:\/\//],
    means: () => 'An address is not one: often quotes, blanks or a missing part came along as part of the value.',
    suspects: [
      { transform: 'unquote-env-values', by: [], telling: /:\/\// },
      { transform: 'declare-env', by: [], telling: /_UR[LI]\b/ },
    ],
    look: () => ['docker compose exec <service> env: the address as the process gets it, with quotes if it has some.'],
    search: [],
  },
  {
    id: 'number-in-quotes',
    patterns: [/invalid literal for int\(\) with base 10: '\\?["'](?<port>\d{1,10})\\?["']'/],
    means: ({ port = 'a number' }) => `The value is ${port} with quotes around it, and a number is wanted.`,
    suspects: [{ transform: 'unquote-env-values', by: ['port'] }],
    look: () => [
      'Quotes in env files that "docker run --env-file" reads, and in list-style environment: both keep them.',
    ],
    search: ['port'],
  },
  {
    id: 'setting-rejected',
    patterns: [
      /error parsing value for field "(?<variable>\w{1,100})"/,
      /^(?<variable>[A-Za-z_]\w{0,100})\n\s+(?:Input should be|Extra inputs are not permitted|unexpected value|value is not a valid|extra fields not permitted|Value error)/,
      /(?:Invalid value for|is not a valid value for) (?:environment variable )?(?<variable>[A-Z][A-Z\d_]{2,100})/,
    ],
    means: ({ variable = 'A variable' }) =>
      `${variable} is set, and the application does not take the value that it gets.`,
    suspects: [
      { transform: 'match-settings', by: ['variable'] },
      { transform: 'unquote-env-values', by: ['variable'] },
    ],
    look: ({ variable = 'the variable' }) => [
      `docker compose exec <service> printenv ${variable.toUpperCase()}: quotes in the value, a list that is not JSON, letters of the wrong case.`,
    ],
    search: ['variable'],
  },
  {
    id: 'variable-missing',
    patterns: [
      /Either ['"]?(?<variable>[A-Z][A-Z\d_]{2,100})['"]? or ['"]?[A-Z_\d]+['"]? must be set/,
      /\b(?<variable>[A-Z][A-Z\d_]{2,100}) must be set/,
      /KeyError(?:: |\()["'](?<variable>[A-Z][A-Z\d_]{2,100})["']/,
      /^(?<variable>[A-Za-z_]\w{0,100})\n\s+(?:[Ff]ield required|Missing required)/,
      /UndefinedValueError: (?<variable>\w{1,100}) not found/,
      /[Ee]nvironment variable ['"]?(?<variable>[A-Z][A-Z\d_]{2,100})['"]? (?:is )?(?:not set|not found|missing|required|undefined)/,
      /Environment variable not found: (?<variable>[A-Z][A-Z\d_]{2,100})/,
      /Set the (?<variable>[A-Z][A-Z\d_]{2,100}) environment variable/,
      /The (?<variable>[A-Z][A-Z\d_]{2,100}) setting must not be empty/,
      /[Mm]issing (?:required |mandatory )?(?:env(?:ironment)? ?(?:vars?|variables?)?|configuration)?:? ?["'`]?(?<variable>[A-Z][A-Z\d]*_[A-Z\d_]{1,100})\b/,
      /\b(?<variable>[A-Z][A-Z\d]*_[A-Z\d_]{1,100})["'`]? (?:environment variable )?is (?:required|not set|not defined|missing|undefined)/,
    ],
    means: ({ variable = 'A variable' }) =>
      `The process needs ${variable} when it starts, and its container does not get it.`,
    suspects: [{ transform: 'declare-env', by: ['variable'] }],
    look: ({ variable = 'the variable' }) => [
      `environment: and env_file: of the service that needs ${variable}. A .env beside the Compose file fills in \${…} there; it does not reach containers by itself.`,
    ],
    search: ['variable'],
  },
  {
    id: 'module-missing',
    patterns: [
      /Error loading ASGI app\. Could not import module "(?<module>[\w.]{1,100})"/,
      /Attribute "(?<variable>\w{1,100})" not found in module "(?<module>[\w.]{1,100})"/,
      /Failed to find (?:application object|attribute) '(?<variable>\w{1,100})' in '(?<module>[\w.]{1,100})'/,
      /No module named '?(?<module>[\w.]{1,100})'?/,
      /Error: Could not import '(?<module>[\w.]{1,100})'/,
      /(?:Could not locate a Flask application|Failed to find Flask application or factory in module '(?<module>[\w.]{1,100})')/,
      /The module (?<module>[\w.]{1,100}) was not found/,
      /Module '(?<module>[\w.]{1,100})' has no attribute '\w+'/,
      /ImportError: cannot import name '\w{1,100}' from (?:partially initialized module )?'(?<module>[\w.]{1,100})'/,
    ],
    means: ({ module = 'a module' }) =>
      `${module} cannot be imported in the container: the server is told a wrong name or starts in another folder, or the package is not installed there.`,
    suspects: [
      { transform: 'fix-app-reference', by: ['module'] },
      { transform: 'declare-requirement', by: ['module'] },
      { transform: 'unmask-dependencies', by: ['module'] },
      { transform: 'activate-venv', by: ['module'] },
      { transform: 'copy-from-stage', by: ['module'] },
    ],
    look: ({ module = 'the module' }) => [
      `If ${module} is yours: WORKDIR, PYTHONPATH and the name behind uvicorn, gunicorn or -A, seen from the folder that the image has.`,
      `If it is a package: whether the manifest that the image installs names it, and no volume covers where it lies.`,
    ],
    search: ['module'],
  },
  {
    id: 'node-module-missing',
    patterns: [/Cannot find (?:module|package) '(?<module>[@\w][\w@./-]{0,100})'/],
    means: ({ module = 'A package' }) => `${module} is not in the node_modules that the process sees.`,
    suspects: [
      { transform: 'unmask-dependencies', by: [], telling: /node_modules/ },
      { transform: 'ignore-build-context', by: [], telling: /node_modules/ },
      { transform: 'declare-requirement', by: ['module'] },
    ],
    look: ({ module = 'the package' }) => [
      `Whether package.json names ${module}, under dependencies when the image installs without development packages.`,
      'A bind mount over the folder of the application hides its node_modules: a volume for that folder keeps them.',
    ],
    search: [],
  },
  {
    id: 'syntax-error',
    patterns: [/^\s*(?:E\s+)?(?:SyntaxError|IndentationError|TabError): /],
    vague: true,
    means: () => 'A source file cannot be read by its language, so the process stops before it does anything.',
    suspects: [{ transform: 'repair-conditional', by: ['path'] }],
    look: () => [
      'The file and line above the message. A newer syntax than the version in the image knows looks the same.',
    ],
    search: [],
  },
  {
    id: 'task-unregistered',
    patterns: [
      /Received unregistered task of type '(?<task>[\w.]{1,200})'/,
      /NotRegistered\('(?<task>[\w.]{1,200})'\)/,
    ],
    means: ({ task = 'a task' }) =>
      `The worker got ${task} and has not imported the module that defines it under that name.`,
    suspects: [{ transform: 'add-celery-context', by: ['task'] }],
    look: () => [
      'include= or autodiscover_tasks() of the Celery object that -A names, and whether web and worker import the task by the same name.',
    ],
    search: ['task'],
  },
  {
    id: 'host-disallowed',
    patterns: [
      /Invalid HTTP_HOST header: '(?<host>[^':]{1,100})(?::\d+)?'/,
      /You may need to add '(?<host>[^']{1,100})' to ALLOWED_HOSTS/,
    ],
    means: ({ host = 'the host' }) => `Django refuses requests for ${host}: ALLOWED_HOSTS does not have it.`,
    suspects: [
      { transform: 'fix-healthcheck', by: ['host'] },
      { transform: 'declare-env', by: ['variable'] },
    ],
    look: ({ host = 'the host' }) => [
      `ALLOWED_HOSTS in the settings, or the variable that fills it: add ${host}, and the names that other containers and healthchecks use.`,
    ],
    search: [],
  },
];
