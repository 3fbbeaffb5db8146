// The ground of every map: relief, woods, water, roads and names of the workspace itself, in quiet colours.

import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme, Workspace } from "../types";
import { token } from "./colours";
import { labels } from "./labels";

const tiles = (layer: string, words = "") =>
  `${location.origin}/collections/${encodeURIComponent(layer)}/tiles/WebMercatorQuad/{z}/{y}/{x}${words}`;

const WIDE = ["expressway", "motorway", "trunk", "national", "provincial", "primary", "arterial"];

/** Layers of answers and of the catalogue are put below this one, above the ground. */
export const ABOVE_GROUND = "names-of-places";

export function background(territory: Workspace, theme: Theme): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {};
  const drawn: LayerSpecification[] = [
    { id: "ground", type: "background", paint: { "background-color": token("m-ground") } },
  ];
  const bounds = territory.bounds ?? undefined;
  const of = (role: string) => territory.background[role] ?? [];
  const vector = (layer: string): string => {
    const id = `ground:${layer}`;
    sources[id] ??= { type: "vector", tiles: [tiles(layer)], maxzoom: 14, ...(bounds ? { bounds } : {}) };
    return id;
  };
  const fill = (role: string, colour: string) => {
    for (const layer of of(role))
      drawn.push({
        id: `ground-${role}-${layer}`, type: "fill", source: vector(layer), "source-layer": "features",
        filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": token(colour), "fill-antialias": true },
      });
  };
  fill("forest", "m-forest");
  fill("built", "m-town");
  for (const layer of of("relief").slice(0, 1)) {
    sources["ground:relief"] = {
      type: "raster-dem", tiles: [tiles(layer, "?f=terrarium")], encoding: "terrarium", tileSize: 256, maxzoom: 13,
      ...(bounds ? { bounds } : {}),
    };
    drawn.push({
      id: "ground-relief", type: "hillshade", source: "ground:relief",
      paint: {
        "hillshade-exaggeration": theme === "dark" ? 0.32 : 0.3,
        "hillshade-shadow-color": theme === "dark" ? "#060708" : "#7c7767",
        "hillshade-highlight-color": theme === "dark" ? "#3a4046" : "#ffffff",
        "hillshade-accent-color": theme === "dark" ? "#101215" : "#b4ae9c",
      },
    });
  }
  fill("water", "m-water");
  for (const layer of of("roads")) {
    const source = vector(layer);
    const wide = ["in", ["to-string", ["coalesce", ["get", "rank"], ["get", "class"]]], ["literal", WIDE]];
    const width = (thin: number, thick: number) =>
      ["interpolate", ["exponential", 1.5], ["zoom"], 10, ["case", wide, thick * 0.35, thin * 0.2], 13, ["case", wide, thick * 0.7, thin * 0.5], 16, ["case", wide, thick * 2.2, thin * 2]];
    const line = (id: string, paint: object) =>
      drawn.push({
        id: `ground-${id}-${layer}`, type: "line", source, "source-layer": "features",
        layout: { "line-join": "round", "line-cap": "round" }, paint,
      } as LayerSpecification);
    line("road-case", { "line-color": ["case", wide, token("m-trunk-case"), token("m-road-case")], "line-width": width(3.4, 4.6) });
    line("road", { "line-color": ["case", wide, token("m-trunk"), token("m-road")], "line-width": width(2, 3) });
  }
  sources["ground:names"] = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
  drawn.push(...labels());
  return { version: 8, sources, layers: drawn };
}
