/** Builds the verify page into the package (or a folder named): same sources, same bytes. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = process.argv[2] ?? join(HERE, "../../src/certgraph/verify_page/built");

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2020"],
  legalComments: "none",
  logLevel: "warning",
  outdir: OUT,
};

/** The programs know addresses, to fetch themselves from or for advice, which are never used. */
const ADDRESS = /https:\/\/([a-z]+\.jsdelivr\.net|emscripten\.org)[^`"' ]*/g;
const NO_ADDRESS = {
  name: "no-address",
  setup: ({ onLoad }) =>
    onLoad({ filter: /(zxing-wasm|@hyzyla).*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(ADDRESS, ""),
      loader: "js",
    })),
};

/** In the page that is one file, the reader's program is inside. */
const PROGRAM_INSIDE = {
  name: "program-inside",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/program$/ }, () => ({
      path: join(HERE, "src/page/program_inside.ts"),
    })),
};

const missing = (what) => {
  throw new Error(`the build made no ${what}`);
};
/** Large files that few visits need. */
const LATER = /^(pdfium|documents)-/;
const hashOf = (data) => createHash("sha256").update(data).digest("hex").slice(0, 12);

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const { metafile } = await build({
  ...COMMON,
  entryPoints: { page: "src/page/main.ts", verifier: "src/verifier.ts", style: "style.css" },
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  format: "esm",
  splitting: true,
  loader: { ".wasm": "file" },
  metafile: true,
});
const workers = await build({
  ...COMMON,
  entryPoints: { reader: "src/reader.ts", documents: "src/documents.ts" },
  entryNames: "[name]-[hash]",
  format: "iife",
  plugins: [NO_ADDRESS],
  loader: { ".wasm": "empty" },
  metafile: true,
});
const workerNames = Object.keys(workers.metafile.outputs).map((path) => basename(path));
const worker = (name) => workerNames.find((one) => one.startsWith(name)) ?? missing(name);
await build({
  ...COMMON,
  entryPoints: { "one-file": "src/page/main.ts" },
  format: "iife",
  plugins: [PROGRAM_INSIDE],
});

const outputs = Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]);
const named = (entry) =>
  outputs.find(([, { entryPoint }]) => entryPoint === entry)?.[0] ?? missing(entry);
/** The files that a file imports at once, those that these import included. */
const importsOf = (name) => {
  const output = outputs.find(([one]) => one === name)[1];
  const direct = output.imports.filter(({ kind }) => kind === "import-statement");
  const names = direct.flatMap(({ path }) => [basename(path), ...importsOf(basename(path))]);
  return [...new Set(names)].sort();
};
const page = named("src/page/main.ts");
const verifier = named("src/verifier.ts");

const icon = readFileSync(join(HERE, "icon.svg"));
const iconName = `icon-${hashOf(icon)}.svg`;
writeFileSync(join(OUT, iconName), icon);
const webManifest = readFileSync(join(HERE, "manifest.webmanifest"), "utf8");
writeFileSync(join(OUT, "manifest.webmanifest"), webManifest.replace("icon.svg", iconName));
const html = readFileSync(join(HERE, "page.html"), "utf8").replace(/\n\s*/g, "\n");
writeFileSync(join(OUT, "page.html"), html);

const kept = readdirSync(OUT)
  .filter((name) => !/^(verifier|one-file|page\.html)/.test(name))
  .sort();
const version = hashOf(
  kept.map((name) => name + hashOf(readFileSync(join(OUT, name)))).join() + html,
);
await build({
  ...COMMON,
  entryPoints: { sw: "src/sw.ts" },
  format: "iife",
  define: {
    VERSION: JSON.stringify(version),
    FILES: JSON.stringify(kept.filter((name) => !LATER.test(name))),
    LATER: JSON.stringify(kept.filter((name) => LATER.test(name))),
  },
});
const wasm = (start) =>
  outputs.map(([name]) => name).find((name) => name.startsWith(start)) ?? missing(start);
const names = {
  version,
  page,
  preload: importsOf(page),
  verifier,
  verifierImports: importsOf(verifier),
  style: named("style.css"),
  reader: worker("reader"),
  documents: worker("documents"),
  icon: iconName,
  wasm: wasm("zxing_reader"),
  pdfium: wasm("pdfium"),
};
writeFileSync(join(OUT, "build.json"), `${JSON.stringify(names, null, 1)}\n`);
