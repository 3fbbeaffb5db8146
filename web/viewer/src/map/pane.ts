// One map: its ground, the layers on it in their order, and what is marked over them.

import { Map as MapLibre, setWorkerUrl, type GeoJSONSource, type LayerSpecification, type MapMouseEvent, type SourceSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Active } from "../state";
import type { Bounds, Feature, Theme, Workspace } from "../types";
import { ABOVE_GROUND, background } from "./background";
import { token } from "./colours";
import { names } from "./labels";
import { through } from "./tiles";
import { addImages, fadedLayers, styleOf } from "./styles";

setWorkerUrl(workerUrl);

export type Overlay = { features: Feature[]; layers: Marking[] };
type Marking = { id: string; type: string; filter?: unknown; paint?: object; layout?: object };

export class Pane {
  readonly map: MapLibre;
  private placed = new Map<string, { ids: string[]; opacity: number; where: string | undefined }>();
  private overlays = new Map<string, Overlay>();
  private turn = 0;
  private ready: Promise<void>;
  private places: Feature[] = [];
  /** A second map that shows the same marks. */
  mirror: Pane | null = null;
  /** Told which layer could not be drawn, and why. */
  onFailure: (layer: string, why: string) => void = () => {};

  constructor(
    container: HTMLElement,
    private territory: Workspace,
    private theme: Theme,
    start: { center?: [number, number]; zoom?: number; bounds?: Bounds },
  ) {
    this.map = new MapLibre({
      container,
      style: background(territory, theme),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 19,
      localIdeographFontFamily: '"Noto Sans SC Variable", sans-serif',
      canvasContextAttributes: { preserveDrawingBuffer: true }, // printing reads the picture
      fadeDuration: 0,
      ...(start.center ? { center: start.center, zoom: start.zoom ?? 12 } : { bounds: start.bounds ?? [-180, -60, 180, 70], fitBoundsOptions: { padding: 24 } }),
    });
    this.ready = this.styled();
    this.map.touchZoomRotate.disableRotation();
    this.map.getCanvas().setAttribute("tabindex", "0");
    // names are written when the map stands: their units are large
    this.map.once("idle", () => void this.name());
  }

  private styled(): Promise<void> {
    return new Promise((done) => this.map.once("style.load", () => done()));
  }

  private async name(): Promise<void> {
    try {
      this.places = await names(this.territory);
    } catch {
      return; // names are a comfort: a map without them is still a map
    }
    await this.ready;
    this.source("ground:names")?.setData({ type: "FeatureCollection", features: this.places as GeoJSON.Feature[] });
  }

  private source(id: string): GeoJSONSource | undefined {
    return this.map.getSource(id) as GeoJSONSource | undefined;
  }

  /** Change between light and dark, keeping what is on the map. */
  async retheme(theme: Theme, active: Active[]): Promise<void> {
    this.theme = theme;
    this.placed.clear();
    const fresh = background(this.territory, theme);
    (fresh.sources["ground:names"] as { data: unknown }).data = { type: "FeatureCollection", features: this.places };
    this.turn++;
    this.ready = this.styled();
    this.map.setStyle(fresh, { diff: false });
    await this.ready;
    for (const [name, overlay] of this.overlays) this.overlay(name, overlay);
    await this.show(active);
  }

  /** Put the active layers on the map: the first one on top. */
  async show(active: Active[]): Promise<void> {
    const turn = ++this.turn;
    const styles = await Promise.all(
      active.map(async (each) => {
        try {
          return { each, style: await styleOf(each.id, this.theme) };
        } catch (error) {
          this.onFailure(each.id, (error as Error).message);
          return null;
        }
      }),
    );
    await this.ready;
    if (turn !== this.turn) return;
    const kept = styles.filter((found) => found !== null);
    for (const id of [...this.placed.keys()]) if (!kept.some((found) => found.each.id === id)) this.take(id);
    for (const { each, style } of kept) {
      await addImages(this.map, style.images);
      if (turn !== this.turn) return;
      if (this.placed.has(each.id) && this.placed.get(each.id)!.where !== each.where) this.take(each.id);
      if (!this.map.getSource(each.id)) {
        const plain = style.source.tiles.map((path) => new URL(path, location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}"));
        const narrowed = each.where ? plain.map((path) => `${path}${path.includes("?") ? "&" : "?"}filter=${encodeURIComponent(each.where!)}`) : plain;
        const tiles = style.source.type === "vector" ? narrowed.map(through) : plain;
        this.map.addSource(each.id, { ...style.source, tiles } as unknown as SourceSpecification);
      }
      const placed = this.placed.get(each.id);
      const layers = fadedLayers(style, each.opacity) as unknown as LayerSpecification[];
      if (!placed) {
        for (const layer of layers) this.map.addLayer(layer, this.floor());
        this.placed.set(each.id, { ids: layers.map((layer) => layer.id), opacity: each.opacity, where: each.where });
      } else if (placed.opacity !== each.opacity) {
        for (const layer of layers)
          for (const [name, value] of Object.entries(layer.paint ?? {})) if (name.endsWith("-opacity")) this.map.setPaintProperty(layer.id, name as "fill-opacity", value as number);
        placed.opacity = each.opacity;
      }
      for (const id of this.placed.get(each.id)!.ids) this.map.setLayoutProperty(id, "visibility", each.hidden ? "none" : "visible");
    }
    let above = this.floor();
    for (const { each } of kept)
      for (const id of [...this.placed.get(each.id)!.ids].reverse()) {
        this.map.moveLayer(id, above);
        above = id;
      }
  }

  private take(id: string): void {
    for (const layer of this.placed.get(id)?.ids ?? []) if (this.map.getLayer(layer)) this.map.removeLayer(layer);
    if (this.map.getSource(id)) this.map.removeSource(id);
    this.placed.delete(id);
  }

  private floor(): string {
    return this.map.getLayer(ABOVE_GROUND) ? ABOVE_GROUND : "";
  }

  /** Mark features over all layers. */
  overlay(name: string, overlay: Overlay): void {
    this.overlays.set(name, overlay);
    this.mirror?.overlay(name, overlay);
    const data = { type: "FeatureCollection", features: overlay.features } as GeoJSON.FeatureCollection;
    const place = () => {
      const source = this.source(`over:${name}`);
      if (source) source.setData(data);
      else {
        this.map.addSource(`over:${name}`, { type: "geojson", data });
        for (const layer of overlay.layers) this.map.addLayer({ ...layer, source: `over:${name}` } as unknown as LayerSpecification);
      }
    };
    void this.ready.then(() => this.overlays.get(name) === overlay && place());
  }

  /** Mark a place as chosen: an edge in the accent, white beneath it. */
  choose(features: Feature[]): void {
    const accent = token("accent");
    this.overlay("chosen", {
      features,
      layers: [
        { id: "chosen-fill", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": accent, "fill-opacity": 0.08 } },
        { id: "chosen-halo", type: "line", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": token("surface"), "line-width": 6, "line-opacity": 0.9 } },
        { id: "chosen-line", type: "line", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": accent, "line-width": 2.6 } },
        { id: "chosen-point", type: "circle", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 6, "circle-color": token("surface"), "circle-stroke-color": accent, "circle-stroke-width": 2.6 } },
      ],
    });
  }

  fit(bounds: Bounds): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.fitBounds(bounds, { padding: { top: 60, bottom: 60, left: 60, right: 60 }, maxZoom: 17, duration: still ? 0 : 400 });
  }

  /** Give the rectangle some pixels around a place on the screen, in degrees. */
  around(event: MapMouseEvent, pixels: number): Bounds {
    const { x, y } = event.point;
    const a = this.map.unproject([x - pixels, y + pixels]);
    const b = this.map.unproject([x + pixels, y - pixels]);
    return [a.lng, a.lat, b.lng, b.lat];
  }

  remove(): void {
    this.map.remove();
  }
}

export function boundsOf(features: Feature[]): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === "number") {
      box[0] = Math.min(box[0], value[0]);
      box[1] = Math.min(box[1], value[1] as number);
      box[2] = Math.max(box[2], value[0]);
      box[3] = Math.max(box[3], value[1] as number);
    } else value.forEach(walk);
  };
  for (const { geometry } of features) if (geometry && "coordinates" in geometry) walk(geometry.coordinates);
  return box[0] <= box[2] ? box : null;
}
