import { joinContainer } from '../../src/repo/path.ts';
import { ABSENT, type Installer, present, readsCode, tomlTable } from './installer.ts';
import { objectOf } from './json.ts';

const verbOf = (words: readonly { readonly text: string }[]): string | undefined =>
  words.find((word, index) => index > 0 && !/^[-+]/.test(word.text))?.text;

/** `bundle install`. https://bundler.io/man/bundle-install.1.html */
export const bundle: Installer = {
  ecosystem: 'ruby',
  read(words, site) {
    const verb = verbOf(words);
    if (words[0]?.text !== 'bundle' || (verb !== 'install' && verb !== undefined)) return undefined;
    if (words.some(({ text }) => /^--(?:gemfile|version|help)/.test(text)) || site.expand('${BUNDLE_GEMFILE:-}') !== '')
      return readsCode('it reads another Gemfile');
    const reads = present(site, site.cwd, [
      'Gemfile',
      'Gemfile.lock',
      '.ruby-version',
      '.tool-versions',
      '.bundle/config',
    ]);
    const [gemfile] = reads;
    if (!gemfile?.target.endsWith('/Gemfile')) return ABSENT;
    const text = site.read(gemfile) ?? '';
    if (
      /^\s*[^#\n]*(?:\bpath:|:path\s*=>|\beval_gemfile\b|\brequire_relative\b|File\.(?!expand_path)|^\s*gemspec\b|\bpath\s+["'])/m.test(
        text,
      )
    )
      return readsCode('the Gemfile reads other files');
    if (site.below(joinContainer(site.cwd, 'vendor/cache')).length > 0)
      return readsCode('the gems are in vendor/cache');
    const wanted = /^\s*ruby\s+file:/m.test(text)
      ? reads
      : reads.filter(({ target }) => !/\.(?:ruby-version|tool-versions)$/.test(target));
    return { kind: 'install', reads: wanted };
  },
};

/** `composer install`: scripts and the autoloader need the code, so they run once it is there. https://getcomposer.org/doc/03-cli.md#install-i */
export const composer: Installer = {
  ecosystem: 'php',
  read(words, site) {
    const name = words[0]?.text ?? '';
    if (!/^composer(?:\.phar)?$/.test(name) || !/^(?:install|i)$/.test(verbOf(words) ?? '')) return undefined;
    if (words.some(({ text }) => /^(?:-d|--working-dir)/.test(text))) return readsCode('it installs another folder');
    const reads = present(site, site.cwd, ['composer.json', 'composer.lock', 'auth.json']);
    const [manifest] = reads;
    if (!manifest?.target.endsWith('/composer.json')) return ABSENT;
    const json = objectOf(site.read(manifest));
    if (!json) return readsCode('composer.json cannot be read');
    if (/"type"\s*:\s*"(?:path|artifact)"/.test(JSON.stringify(json['repositories'] ?? [])))
      return readsCode('composer.json names a local repository');
    if (site.below(joinContainer(site.cwd, 'vendor')).length > 0) return readsCode('the repository holds vendor/');
    const config = json['config'];
    if (typeof config === 'object' && config !== null && 'vendor-dir' in config)
      return readsCode('composer.json moves the vendor folder');
    const flags = ['--no-scripts', '--no-autoloader'].filter((flag) => !words.some(({ text }) => text === flag));
    const first =
      flags.length === 0
        ? {}
        : {
            first: (_: unknown, text: string) =>
              `${text.replace(/ (?:-o|-a|--optimize-autoloader|--classmap-authoritative)(?= |$)/g, '')} ${flags.join(' ')}`,
          };
    return { kind: 'install', reads, fills: 'vendor', ...first };
  },
};

/** `go mod download`. https://go.dev/ref/mod#go-mod-download */
export const go: Installer = {
  ecosystem: 'go',
  read(words, site) {
    const texts = words.map(({ text }) => text);
    if (
      texts[0] !== 'go' ||
      texts[1] !== 'mod' ||
      texts[2] !== 'download' ||
      texts.slice(3).some((text) => !text.startsWith('-'))
    )
      return undefined;
    if (present(site, site.cwd, ['go.work']).length > 0) return readsCode('go.work names other modules');
    const reads = present(site, site.cwd, ['go.mod', 'go.sum']);
    const [module] = reads;
    if (!module?.target.endsWith('/go.mod')) return ABSENT;
    if (/=>\s*\.{0,2}\//m.test(site.read(module) ?? '')) return readsCode('go.mod replaces a module by a local path');
    return { kind: 'install', reads };
  },
};

/** `cargo build` of one binary crate: its dependencies are compiled with an empty `main` first. */
export const cargo: Installer = {
  ecosystem: 'rust',
  read(words, site) {
    if (words[0]?.text !== 'cargo' || verbOf(words) !== 'build') return undefined;
    const reads = present(site, site.cwd, [
      'Cargo.toml',
      'Cargo.lock',
      'rust-toolchain',
      'rust-toolchain.toml',
      '.cargo/config.toml',
    ]);
    const [manifest] = reads;
    if (!manifest?.target.endsWith('/Cargo.toml')) return ABSENT;
    const text = site.read(manifest) ?? '';
    if (!/^\s*\[(?:target\..+\.)?(?:build-)?dependencies/m.test(text))
      return readsCode('the crate has no dependencies');
    const name = /^\s*name\s*=\s*["']([\w-]+)["']/m.exec(tomlTable(text, 'package'))?.[1];
    const main = site.file(joinContainer(site.cwd, 'src/main.rs'));
    const special =
      /^\s*\[(?:workspace|patch|replace)|^\s*\[\[?(?:lib|bin|bench|example)\b|^\s*(?:build|links|workspace)\s*=|\bpath\s*=|workspace\s*=\s*true/m.test(
        text,
      ) ||
      ['build.rs', 'src/lib.rs'].some((each) => site.file(joinContainer(site.cwd, each)) !== undefined) ||
      site.below(joinContainer(site.cwd, 'src/bin')).length > 0;
    const unusual = words.some(({ text: word }) =>
      /^(?:-p|--package|--manifest-path|--workspace|--all|--bin|--bins|--lib|--example|--target-dir)/.test(word),
    );
    if (special || unusual || !main || name === undefined) {
      const advice =
        'cargo compiles dependencies only together with a crate. Use cargo-chef: copy Cargo.toml and Cargo.lock, `cargo chef prepare`, then `cargo chef cook --release` in a layer before `COPY . .`, ' +
        'and keep `cargo build` after it';
      return { kind: 'project', at: manifest, advice };
    }
    const profile = words.some(({ text: word }) => word === '--release' || word === '-r') ? ' --release' : '';
    const first = (_: unknown, command: string): string =>
      `mkdir -p src && echo 'fn main() {}' > src/main.rs && ${command} && cargo clean${profile} -p ${name} && rm -r src`;
    return { kind: 'install', reads, first, fills: 'target', review: true };
  },
};
