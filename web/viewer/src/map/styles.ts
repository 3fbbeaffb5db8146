// Styles come from the cards through the service; here they are only fetched, faded and put in order.

import type { Map as MapLibre } from "maplibre-gl";
import * as api from "../api";
import type { LayerStyle, Theme } from "../types";

const known = new Map<string, Promise<LayerStyle>>();

/** Give a layer's style in a theme, asked for once. */
export function styleOf(id: string, theme: Theme): Promise<LayerStyle> {
  const key = `${theme}:${id}`;
  let found = known.get(key);
  if (!found) {
    found = api.layerStyle(id, theme);
    known.set(key, found);
    found.catch(() => known.delete(key));
  }
  return found;
}

/** Multiply an opacity, whatever expression it is. */
export function faded(value: unknown, by: number): unknown {
  if (value === undefined || by === 1) return value ?? by;
  if (typeof value === "number") return value * by;
  if (Array.isArray(value)) {
    const [name] = value as [string];
    const zooms = JSON.stringify(value).includes('["zoom"]');
    if (!zooms) return ["*", by, value];
    // An expression of the zoom must stay outermost, so its outcomes are faded.
    if (name === "interpolate") return value.map((each, i) => (i >= 4 && i % 2 === 0 ? faded(each, by) : each));
    if (name === "step") return value.map((each, i) => (i >= 2 && i % 2 === 0 ? faded(each, by) : each));
  }
  return value;
}

const OPACITIES: Record<string, string[]> = {
  fill: ["fill-opacity"],
  line: ["line-opacity"],
  circle: ["circle-opacity", "circle-stroke-opacity"],
  symbol: ["icon-opacity", "text-opacity"],
  raster: ["raster-opacity"],
  "fill-extrusion": ["fill-extrusion-opacity"],
};

/** Give a style's layers with an opacity laid over them. */
export function fadedLayers(style: LayerStyle, opacity: number): Record<string, unknown>[] {
  return style.layers.map((layer) => {
    const paint = { ...((layer.paint as Record<string, unknown>) ?? {}) };
    for (const name of OPACITIES[layer.type as string] ?? []) paint[name] = faded(paint[name], opacity);
    return { ...layer, paint };
  });
}

/** Make the images of patterns and markers known to the map. */
export async function addImages(map: MapLibre, images: Record<string, string>): Promise<void> {
  await Promise.all(
    Object.entries(images).map(async ([name, svg]) => {
      if (map.hasImage(name)) return;
      const picture = await drawn(svg);
      if (!map.hasImage(name)) map.addImage(name, picture, { pixelRatio: PIXELS });
    }),
  );
}

/** Pictures of patterns hold two pixels for each of the screen's. */
const PIXELS = 2;

function drawn(svg: string): Promise<ImageData> {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => {
      const width = Math.max(1, picture.naturalWidth);
      const height = Math.max(1, picture.naturalHeight);
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d")!;
      context.drawImage(picture, 0, 0, width, height);
      resolve(context.getImageData(0, 0, width, height));
    };
    picture.onerror = () => reject(new Error("a pattern of the style is no picture"));
    picture.src = svg.startsWith("data:") ? svg : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });
}
