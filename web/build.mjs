// Build dist/: what the maps inline, in two files, with the licences of what is in them. No bundler, no network.

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(fileURLToPath(import.meta.url));
const leaflet = join(web, "node_modules/leaflet");
const sources = [
  "geodesy", "words", "button", "fullscreen", "measure", "swipe",
  "theme", "decode", "shapes", "labels", "identify", "popup", "page",
];
const styles = ["controls", "page"];

const text = (path) => readFile(path, "utf8");
const dataUri = async (path) => `data:image/png;base64,${(await readFile(path)).toString("base64")}`;

async function leafletStyle() {
  let style = await text(join(leaflet, "dist/leaflet.css"));
  for (const [, file] of [...style.matchAll(/url\((images\/[^)]+)\)/g)]) {
    style = style.replaceAll(`url(${file})`, `url(${await dataUri(join(leaflet, "dist", file))})`);
  }
  return style.replaceAll(/\/\*[\s\S]*?\*\//g, ""); // remarks that name pages elsewhere
}

// Leaflet guesses the folder of its marker pictures from its style sheet, which fails where they are inlined.
async function settings() {
  const picture = (name) => dataUri(join(leaflet, "dist/images", name));
  const options = {
    iconUrl: await picture("marker-icon.png"),
    iconRetinaUrl: await picture("marker-icon-2x.png"),
    shadowUrl: await picture("marker-shadow.png"),
  };
  return `delete L.Icon.Default.prototype._getIconUrl;\nL.Icon.Default.mergeOptions(${JSON.stringify(options)});`;
}

// Leaflet signs maps with a link, where ours lead nowhere outside.
async function library() {
  const whole = (await text(join(leaflet, "dist/leaflet.js"))).replace(/^\/\/# sourceMappingURL=.*$/m, "");
  const unsigned = whole.replace(/prefix:'<a href="https:\/\/leafletjs\.com"[\s\S]*?"Leaflet<\/a>"/, 'prefix:"Leaflet"');
  if (unsigned === whole) throw new Error("Leaflet's signature is not where it was: look for `prefix:` in it");
  return unsigned;
}

async function mapScript() {
  const controls = await Promise.all(sources.map((name) => text(join(web, "map", `${name}.js`))));
  return `${await library()}\n(() => {\n"use strict";\n${[await settings(), ...controls].join("\n")}\n})();\n`;
}

async function mapStyle() {
  const own = await Promise.all(styles.map((name) => text(join(web, "map", `${name}.css`))));
  return [await leafletStyle(), ...own].join("\n");
}

async function licences() {
  const { name, version, license } = JSON.parse(await text(join(leaflet, "package.json")));
  const terms = await text(join(leaflet, "LICENSE"));
  return `The map assets contain, beside spacegov's own controls (Apache-2.0):\n\n${name} ${version}, ${license}\n\n${terms}`;
}

const files = { "map.js": await mapScript(), "map.css": await mapStyle(), "LICENCES.txt": await licences() };

for (const [name, content] of Object.entries(files)) {
  if (/<\/(script|style)/i.test(content)) throw new Error(`${name} could not be inlined: it closes a script or style tag`);
  if (/url\((?!["']?(data:|#))/.test(content)) throw new Error(`${name} fetches an asset: inline it`);
}

// Written beside and then renamed, so that dist/map is always whole.
const target = join(web, "dist/map");
const fresh = `${target}.new`;
await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(fresh, name), content)));
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
