/**
 * Packages whose recommended packages were looked at on Debian 12 and 13. What is missing here is not known, and an install
 * that names such a package keeps its recommended packages: fonts, drivers, plugins and helpers of a big program may be needed.
 */
const KNOWN: ReadonlySet<string> = new Set(
  `gcc g++ make build-essential libc6-dev gfortran pkg-config swig patch binutils
  python3-dev libpq-dev libpq5 postgresql-client default-libmysqlclient-dev libmariadb-dev libmariadb3 default-mysql-client mariadb-client
  libffi-dev libffi8 libssl-dev libxml2-dev libxml2 libxslt1-dev libxslt-dev libxslt1.1 libjpeg-dev libjpeg62-turbo-dev libjpeg62-turbo zlib1g-dev zlib1g
  libfreetype6-dev libfreetype6 libpng-dev libwebp-dev libwebp7 libmagic1 libmagic-dev libsqlite3-dev sqlite3 libcurl4-openssl-dev
  libbz2-dev liblzma-dev libreadline-dev libncurses5-dev libncurses-dev libgmp-dev libyaml-dev libyaml-0-2 libevent-dev libsnappy-dev libgeos-dev
  unixodbc unixodbc-dev freetds-dev
  curl wget git ca-certificates gnupg gnupg2 openssh-client rsync netcat-openbsd netcat-traditional procps iputils-ping
  dnsutils iproute2 net-tools telnet vim nano less unzip zip bzip2 xz-utils jq tree htop tini dumb-init gosu cron supervisor
  locales tzdata libgl1 libglib2.0-0 libsm6 libxext6 libxrender1 libgomp1 redis-tools file lsof strace apt-transport-https lsb-release
  sudo dos2unix inotify-tools apt-utils`.split(/\s+/),
);

/** Recommended packages that the package does not do its work without. https://packages.debian.org/bookworm/gcc */
const NEEDED: Readonly<Record<string, { readonly name: string; readonly why: string }>> = {
  gcc: { name: 'libc6-dev', why: 'gcc finds no stdio.h without libc6-dev' },
  curl: { name: 'ca-certificates', why: 'curl trusts no HTTPS server without ca-certificates' },
  wget: { name: 'ca-certificates', why: 'wget trusts no HTTPS server without ca-certificates' },
  git: { name: 'ca-certificates', why: 'git trusts no HTTPS server without ca-certificates' },
};

/** Packages that always bring another one along. */
const BRINGS: Readonly<Record<string, RegExp>> = {
  'libc6-dev':
    /^(?:libc6-dev|g\+\+|build-essential|gfortran|python3-dev|libxml2-dev|libsqlite3-dev|zlib1g-dev|libjpeg-dev|libjpeg62-turbo-dev|libpng-dev|libfreetype6-dev)$/,
  'ca-certificates': /^ca-certificates$/,
};

/** Whether it is known what an install of this package loses without its recommended packages. */
export const isKnown = (name: string): boolean => KNOWN.has(name);

/** The recommended package that has to be named when recommended packages are left out. */
export const neededBy = (name: string): { readonly name: string; readonly why: string } | undefined =>
  Object.hasOwn(NEEDED, name) ? NEEDED[name] : undefined;

/** True when installing `name` installs `wanted` too. */
export const brings = (name: string, wanted: string): boolean =>
  name === wanted || (Object.hasOwn(BRINGS, wanted) && (BRINGS[wanted]?.test(name) ?? false));

/** Compilers and what only they need. */
const BUILD_ONLY =
  /^(?:gcc|g\+\+|cpp|make|cmake|build-essential|pkg-config|pkgconf|libc6-dev|musl-dev|linux-libc-dev|python3-dev|cargo|rustc|clang|llvm|swig|autoconf|automake|libtool|ninja-build|binutils|dpkg-dev|(?:gcc|g\+\+)-\d+)$/;
/** What a program that was built with a -dev package loads: names that Debian 12 and 13 both install. `[]`: in the base already. */
const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  'libpq-dev': ['libpq5'],
  'default-libmysqlclient-dev': ['libmariadb3'],
  'libmariadb-dev': ['libmariadb3'],
  'libffi-dev': [],
  'libssl-dev': [],
  'zlib1g-dev': [],
  'libbz2-dev': [],
  'liblzma-dev': [],
  'libsqlite3-dev': [],
  'libxml2-dev': ['libxml2'],
  'libxslt1-dev': ['libxslt1.1'],
  'libxslt-dev': ['libxslt1.1'],
  'libjpeg-dev': ['libjpeg62-turbo'],
  'libjpeg62-turbo-dev': ['libjpeg62-turbo'],
  'libfreetype6-dev': ['libfreetype6'],
  'libwebp-dev': ['libwebp7'],
  'libmagic-dev': ['libmagic1'],
  'libcurl4-openssl-dev': ['libcurl4'],
  'libyaml-dev': ['libyaml-0-2'],
  'freetds-dev': ['libsybdb5'],
  'unixodbc-dev': ['unixodbc'],
  'libsnappy-dev': ['libsnappy1v5'],
};

/** What the image that runs needs of a package that the build needs; `undefined` when that is not known. */
export function runtimeOf(name: string): readonly string[] | undefined {
  if (BUILD_ONLY.test(name)) return [];
  if (Object.hasOwn(RUNTIME, name)) return RUNTIME[name];
  return /-dev$/.test(name) ? undefined : [name];
}

/** True for a package that only a build needs. */
export const isForBuilding = (name: string): boolean => BUILD_ONLY.test(name) || /-dev$/.test(name);
