import type { Variable } from '../../src/model/service.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';

/** Variables that say which database a process connects to, and as whom. */
const CONNECTION = /DATABASE|POSTGRES|MYSQL|MARIADB|MONGO|SQLALCHEMY|(?:^|_)(?:DB|PG|SQL)(?:_|[A-Z]|$)|^PG/;

/** True for a variable that says where the database is, by its name or by its value. */
export const isConnection = ({ name, value }: Variable): boolean =>
  /:\/\//.test(value?.text ?? '') ? !/^https?:/.test(value?.text ?? '') : CONNECTION.test(name.toUpperCase());

/** Why it is not certain that two services work on the same database as the same user; `undefined` when they do. */
export function databaseDiffers(migrator: ServiceView, web: ServiceView): string | undefined {
  const [a, b] = [migrator.service, web.service];
  const shared = [...a.environment.values()].filter(
    (variable) => isConnection(variable) && b.environment.has(variable.name),
  );
  const other = shared.find((variable) => !sameValue(variable, b.environment.get(variable.name)));
  if (other)
    return `${other.name} is not the same for ${a.name} and ${b.name}, so they use another database or another user`;
  if (a.hiddenEnvironment && !sameEnvFiles(migrator, web))
    return `${a.name} reads an env file that is not in the repository`;
  const store = databasesOf(migrator).find((each) => databasesOf(web).some((other) => other.service === each.service));
  const url = shared.find(({ value }) => value?.text.includes('://') && !/^(?:redis|rediss|amqps?):/.test(value.text));
  if (url?.value?.text.startsWith('sqlite') && !sameMount(migrator, web))
    return `their SQLite file is not on a volume that both mount`;
  if (store || url || (a.hiddenEnvironment && sameEnvFiles(migrator, web))) return undefined;
  return `nothing shows that ${a.name} and ${b.name} use the same database`;
}

const sameValue = (a: Variable, b: Variable | undefined): boolean => a.value?.text === b?.value?.text;

const sameMount = (a: ServiceView, b: ServiceView): boolean =>
  a.service.mounts.some(
    (mount) =>
      mount.source !== undefined &&
      b.service.mounts.some((other) => other.source === mount.source && other.target === mount.target),
  );

function sameEnvFiles(a: ServiceView, b: ServiceView): boolean {
  const texts = ({ service }: ServiceView): string[] =>
    (service.parts.get('env_file') ?? []).map(({ node, file }) =>
      file.text
        .slice(node.at.start, node.at.end)
        .replace(/^\s*-\s*/, '')
        .trim(),
    );
  const theirs = texts(b);
  return texts(a).length > 0 && texts(a).every((text) => theirs.includes(text));
}
