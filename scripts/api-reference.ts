/**
 * Writes the reference of the API, one page for each subpath of the package, from the TSDoc of what it exports: `npm run reference`.
 * Another folder than `docs/api` may be named.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './build.ts';

const folder = process.argv[2] ?? join(ROOT, 'docs/api');

/** TypeDoc needs the interface of TypeScript's compiler, which TypeScript 7 does not have. */
const compiler = pathToFileURL(join(ROOT, 'node_modules/typescript-5.9/lib/typescript.js')).href;
const hook = `export const resolve = (name, context, next) => next(name === 'typescript' ? '${compiler}' : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { Application, ReflectionKind } = await import('typedoc');

/** What the index says of itself. */
const NOTE = `Every export of the package, by import path. Written from the TSDoc in the source by \`npm run reference\`: do not edit.
[Options](../api.md) has the same by topic, with less to read.`;

/** Source files by the import path that leads to them. */
async function subpaths(): Promise<Map<string, string>> {
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  const targets = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'object' && target !== null && 'default' in target ? [[path, String(target.default)] as const] : [],
  );
  return new Map(
    targets.map(([path, target]) => [path.replace('.', 'mooring'), join(ROOT, target.replace(/^\.\/dist\/(.+)\.js$/, '$1.ts'))]),
  );
}

const sources = await subpaths();
const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: [...sources.values()],
  tsconfig: join(ROOT, 'tsconfig.json'),
  outputs: [{ name: 'markdown', path: folder }],
  readme: 'none',
  name: 'API',
  logLevel: 'Warn',
  treatWarningsAsErrors: true,
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  // The build has compiled the same files before.
  skipErrorChecking: true,
  disableSources: true,
  disableGit: true,
  excludeExternals: true,
  excludePrivate: true,
  sort: ['alphabetical'],
  sortEntryPoints: false,
  groupOrder: ['Functions', 'Interfaces', 'Type Aliases', 'Variables', 'Classes'],
  // Options of the plugin, which TypeDoc's own type does not list.
  ...({
    outputFileStrategy: 'modules',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    useHTMLAnchors: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    propertyMembersFormat: 'table',
    typeDeclarationFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true, leftAlignHeaders: true },
  } satisfies Record<string, unknown>),
});

const project = await app.convert();
if (project === undefined || app.logger.hasWarnings()) throw new Error('TypeDoc could not read the sources');
for (const entry of project.children ?? []) {
  const source = project.getSymbolIdFromReflection(entry)?.fileName;
  entry.name =
    [...sources].find(([, file]) => source !== undefined && pathToFileURL(source).href === pathToFileURL(file).href)?.[0] ??
    entry.name;
}
// The members that every error has are shown once, at the class that all of them extend.
for (const member of project.getReflectionsByKind(ReflectionKind.ClassMember)) {
  const ofClass = member.parent?.kindOf(ReflectionKind.Class) === true;
  if (ofClass && 'inheritedFrom' in member && member.inheritedFrom !== undefined) project.removeReflection(member);
}
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
await app.generateOutputs(project);
if (app.logger.hasErrors()) throw new Error('TypeDoc could not write the pages');
const index = join(folder, 'README.md');
await writeFile(index, (await readFile(index, 'utf8')).replace('# API\n', `# API\n\n${NOTE}\n`));
