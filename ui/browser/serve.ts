import { build, preview } from 'vite';

/** Builds the window on the scripted engine and serves it under the policy of the real one, on a free port. */
export default async function serve(): Promise<() => Promise<void>> {
  const outDir = 'dist-browser/page';
  await build({ mode: 'mock', logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const server = await preview({
    mode: 'mock',
    build: { outDir },
    preview: { port: 0, strictPort: false, host: '127.0.0.1' },
  });
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error('the page is served nowhere');
  process.env['NIGHTKEEP_PAGE'] = address;
  return () => server.close();
}
