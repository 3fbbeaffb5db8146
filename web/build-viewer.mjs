// Build the viewer into dist/: index.html, and assets whose names change with their content.

import { readFile, rename, rm, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, "dist");
const fresh = join(dist, ".viewer.new");

await build({
  root: join(web, "viewer"),
  base: "./",
  configFile: false,
  logLevel: "warn",
  build: {
    outDir: fresh,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the service's policy allows no data: fonts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
});

// Terms of what is bundled stand beside it.
const names = [
  "maplibre-gl", "preact", "@preact/signals", "minisearch", "terra-draw", "terra-draw-maplibre-gl-adapter",
  "@fontsource-variable/inter", "@fontsource-variable/noto-sans-sc",
];
const terms = await Promise.all(names.map(async (name) => {
  const folder = join(web, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  let text = "";
  for (const file of ["LICENSE", "LICENSE.txt", "LICENSE.md"]) {
    try {
      text = await readFile(join(folder, file), "utf8");
      break;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
}));
await writeFile(join(fresh, "LICENCES.txt"), `The viewer contains, beside spacegov's own code (Apache-2.0):\n\n${terms.join("\n\n")}`);

// New assets stand before the page that names them, and old ones go after it.
const old = join(dist, ".viewer.old");
await rm(old, { recursive: true, force: true });
await mkdir(old, { recursive: true });
await rename(join(dist, "assets"), join(old, "assets")).catch((error) => {
  if (error.code !== "ENOENT") throw error;
});
for (const name of ["assets", "LICENCES.txt", "favicon.svg", "index.html"]) {
  await rename(join(fresh, name), join(dist, name));
}
await rm(old, { recursive: true, force: true });
await rm(fresh, { recursive: true, force: true });
