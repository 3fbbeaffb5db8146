// Names of the administrative units, each once, inside its unit.

import type { LayerSpecification } from "maplibre-gl";
import * as api from "../api";
import type { Feature, Workspace } from "../types";
import { token } from "./colours";

const MOST = 400;

export function labels(): LayerSpecification[] {
  const font = ["Inter Variable", "Noto Sans SC Variable"];
  return [
    {
      id: "names-of-places", type: "symbol", source: "ground:names",
      layout: { "text-field": ["get", "name"], "text-font": font, "text-size": ["interpolate", ["linear"], ["zoom"], 9, 11, 14, 15], "text-padding": 6 },
      paint: { "text-color": token("m-label"), "text-halo-color": token("m-halo"), "text-halo-width": 1.6 },
    },
  ];
}

/** Fetch names of units and where to write them; an empty list where units have no names. */
export async function names(territory: Workspace): Promise<Feature[]> {
  const layer = territory.units.township ?? territory.units.county;
  if (!layer) return [];
  const page = await api.items(layer, { limit: String(MOST) });
  const found = page.features.flatMap((feature) => {
    const name = feature.properties.name ?? feature.properties.title;
    const at = feature.geometry && inside(feature.geometry);
    return typeof name === "string" && at
      ? [{ type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { name } } as Feature]
      : [];
  });
  // A character is drawn with the font that is there when it is first needed.
  await document.fonts.load('500 16px "Noto Sans SC Variable"', found.map((each) => each.properties.name).join(""));
  await document.fonts.load('500 16px "Inter Variable"', "Aя");
  return found;
}

/** Give the middle of the largest ring. */
export function inside(geometry: GeoJSON.Geometry): [number, number] | null {
  if (geometry.type === "Point") return geometry.coordinates as [number, number];
  const rings = geometry.type === "Polygon" ? [geometry.coordinates[0]] : geometry.type === "MultiPolygon" ? geometry.coordinates.map((each) => each[0]) : [];
  let best: [number, number] | null = null;
  let most = 0;
  for (const ring of rings) {
    if (!ring || ring.length < 4) continue;
    let twice = 0, x = 0, y = 0;
    const [x0 = 0, y0 = 0] = ring[0]!;
    for (let i = 1; i < ring.length; i++) {
      const [ax = 0, ay = 0] = ring[i - 1]!, [bx = 0, by = 0] = ring[i]!;
      const cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0);
      twice += cross;
      x += (ax + bx - 2 * x0) * cross;
      y += (ay + by - 2 * y0) * cross;
    }
    if (Math.abs(twice) > most) {
      most = Math.abs(twice);
      best = [x0 + x / (3 * twice), y0 + y / (3 * twice)];
    }
  }
  return best;
}
