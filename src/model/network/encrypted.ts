import type { ServiceView, Stack } from '../stack.ts';
import { scriptOf } from './python-listen.ts';
import { gunicornConfig } from './server-options.ts';

const OPTION = /certfile|keyfile|--ssl|--cert/;
/** What a script or a configuration file says of its certificate. */
const SAYS = /^(?!\s*#).*(?:\bssl_?context\b|\bssl_(?:cert|key)file\b|\b(?:cert|key)file\b|\bSSLContext\b)/im;
/** https://docs.gunicorn.org/en/stable/settings.html#settings, https://www.uvicorn.org/settings/#https, https://flask.palletsprojects.com/en/stable/cli/ */
const VARIABLES: readonly (readonly [name: string, value: RegExp])[] = [
  ['GUNICORN_CMD_ARGS', OPTION],
  ['UVICORN_SSL_KEYFILE', /./],
  ['UVICORN_SSL_CERTFILE', /./],
  ['GRANIAN_SSL_CERTIFICATE', /./],
  ['FLASK_RUN_CERT', /./],
];

/** Whether the main process of a service speaks TLS itself, or may: it then answers no plain request. */
export function mayEncrypt(stack: Stack, view: ServiceView): boolean {
  const { main } = view.startup;
  if (!main) return true;
  if (main.argv.some((word) => OPTION.test(word))) return true;
  const isSet = ([name, value]: (typeof VARIABLES)[number]): boolean => {
    const set = view.container.variable(name) ?? main.assignments.findLast((each) => each.name === name)?.value;
    return set === undefined ? view.service.environment.has(name) : value.test(set);
  };
  if (VARIABLES.some(isSet)) return true;
  const config = main.program.name === 'gunicorn' ? gunicornConfig(stack, view, main) : undefined;
  if (config?.is === 'unknown') return true;
  return [config?.module, scriptOf(stack, view, main)].some((module) => SAYS.test(module?.text ?? ''));
}
