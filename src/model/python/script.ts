import type { PythonModule } from '../../parse/python.ts';
import type { Role } from '../program.ts';

/** Calls that serve requests until the process is stopped. */
const SERVES =
  /^(?:run_simple|serve|run_app|serve_forever)$|(?:^|\.)(?:app|application|socketio|sio|uvicorn|web|server|httpd|bottle|waitress|hypercorn|cherrypy|eventlet|wsgi|manager|api|dash)\.(?:run|run_app|serve|server|serve_forever|run_server|quickstart)$|\.serve_forever$|\.run_server$/;
/** Calls that take work from somewhere until the process is stopped. */
const WORKS =
  /\.(?:work|start_consuming|run_polling|start_polling|infinity_polling|worker_main|run_forever|consume|mainloop)$/;

/** What `python file.py` is for, by what the file calls: a server, a worker, or something that does its work and ends. */
export function roleOfScript(module: PythonModule): Role {
  if (module.calls.some((call) => SERVES.test(call.callee))) return 'web';
  const endless = module.statements.some(({ kind, head }) => kind === 'while' && /^(?:True|1)$/.test(head.trim()));
  return endless || module.calls.some((call) => WORKS.test(call.callee)) ? 'worker' : 'other';
}
