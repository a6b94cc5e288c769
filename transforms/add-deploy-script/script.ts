import { quoteWord } from '../../src/parse/shell.ts';
import type { Deployment } from './deployment.ts';

/** The text of `deploy.sh`. */
export function deployScript({ files, env }: Deployment): string {
  const command = ['docker compose', ...files.map((file) => `-f ${quoteWord(file)}`)].join(' ');
  return [HEAD, composeFunction(command), CHECK, ...(env ? [envCheck(env)] : []), BODY].join('\n');
}

const HEAD = `#!/bin/sh
# Deploys this stack on this machine: build, stop, start, wait until all is healthy, show the logs.
# DEPLOY_TIMEOUT is the time to wait, in seconds.
set -eu
cd "$(dirname "$0")"
`;

const composeFunction = (command: string): string => `compose() {
  ${command} "$@"
}
`;

const CHECK = `if ! docker compose version >/dev/null 2>&1; then
  echo "Docker Compose v2 is needed (docker compose): https://docs.docker.com/compose/install/" >&2
  exit 1
fi`;

function envCheck({ example, names }: NonNullable<Deployment['env']>): string {
  const what =
    example === undefined
      ? `create it${names.length > 0 ? ` and set ${names.join(', ')}` : ''}`
      : `copy ${example} to .env and fill in its values`;
  return `if [ ! -f .env ]; then
  echo "There is no .env here: ${what}." >&2
  exit 1
fi`;
}

/**
 * `stop` and not `down`: a container that is removed takes the data of its anonymous volumes out of reach.
 * A loop and not `up --wait`: that fails when a one-shot service has ended, as it should.
 */
const BODY = `compose config --quiet

# The build comes first: when it fails, what runs goes on running.
echo "== Build"
compose build

echo "== Stop"
compose stop

echo "== Start"
started=yes
compose up -d || started=no

containers=$(compose config --services | while read -r service; do
  compose ps --all --quiet "$service" </dev/null
done)

# A line for each container: name, state, health, exit status, restarts. What "docker compose run" left behind does not count.
states() {
  [ -n "$containers" ] || return 0
  echo "$containers" | xargs docker inspect --format '{{if ne (index .Config.Labels "com.docker.compose.oneoff") "True"}}{{slice .Name 1}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}none{{end}} {{.State.ExitCode}} {{.RestartCount}}{{end}}'
}

# The names of those that neither run (and are healthy, where there is a healthcheck) nor have ended with status 0.
failing() {
  awk 'NF && !($2 == "running" && ($3 == "healthy" || $3 == "none")) && !($2 == "exited" && $4 == 0) { print $1 }'
}

limit=\${DEPLOY_TIMEOUT:-180}
echo "== Wait (at most $limit s)"
end=$(($(date +%s) + limit))
before=
calm=0
while [ "$started" = yes ] && [ "$(date +%s)" -lt "$end" ]; do
  now=$(states)
  # Who has ended with an error and is not restarted will not recover.
  if echo "$now" | grep -Eq '^[^ ]+ (exited|dead) [^ ]+ [1-9]'; then
    break
  fi
  # A process that fails at its start runs for a moment, too: all has to stay the same for ten seconds.
  if [ -z "$(echo "$now" | failing)" ] && [ "$now" = "$before" ]; then
    calm=$((calm + 1))
  else
    calm=0
  fi
  if [ "$calm" -ge 5 ]; then
    break
  fi
  before=$now
  sleep 2
done

compose ps --all
if [ "$calm" -ge 5 ]; then
  compose logs --tail 20
  echo "== Everything is up."
  exit 0
fi

now=$(states)
failed=$(echo "$now" | failing)
if [ -z "$failed" ]; then
  failed=$(echo "$now" | awk '$5 > 0 { print $1 }')
fi
for name in $failed; do
  echo "== Logs of $name" >&2
  docker logs --tail 50 "$name" >&2 2>&1 || true
done
echo "== Not healthy: $(echo "$failed" | tr '\\n' ' ')" >&2
exit 1
`;
