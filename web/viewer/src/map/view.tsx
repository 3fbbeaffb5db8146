// The map on a page, with what belongs to every map: tools, zoom, scale, coordinates, sources.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { copyLink } from "../app";
import { degrees, join, length } from "../format";
import { Icon, type IconName } from "../parts/icons";
import { active, byId, language, mode, own, swipe, tell, territory, theme, view, type Active, type Mode } from "../state";
import { say, t, type Word } from "../words";
import { draw } from "./draw";
import { Pane } from "./pane";
import { sideOf, Swipe } from "./swipe";

export interface Hands {
  /** Called with every click while nothing is drawn. */
  click?: (event: import("maplibre-gl").MapMouseEvent, pane: Pane) => void;
  drawn?: (geometry: GeoJSON.Geometry) => void;
  ready?: (pane: Pane) => void;
}

interface Given extends Hands {
  tools: Mode[];
  layers: Active[];
  /** Whether two states of the active layers can be compared. */
  compares?: boolean;
  children?: ComponentChildren;
}

const TOOLS: Record<Mode, [IconName, Word]> = {
  identify: ["pointer", "identify"],
  extract: ["list", "restrictions"],
  draw: ["polygon", "drawArea"],
  measure: ["ruler", "measure"],
};

export function MapView({ tools, layers, compares = false, children, click, drawn, ready }: Given) {
  const box = useRef<HTMLDivElement>(null);
  const [pane, set] = useState<Pane | null>(null);
  const [unable, disable] = useState(false);
  const hands = useRef<Hands>({});
  hands.current = { ...(click ? { click } : {}), ...(drawn ? { drawn } : {}) };

  useEffect(() => {
    const place = territory.value!;
    const at = view.value;
    let made: Pane;
    try {
      made = new Pane(box.current!, place, theme.value, at ? { center: [at.longitude, at.latitude], zoom: at.zoom } : place.bounds ? { bounds: place.bounds } : {});
    } catch {
      disable(true);
      return;
    }
    made.onFailure = (layer, why) => tell(t("layerFailed", { layer: say(byId.value.get(layer)?.title ?? own.value[layer]) || layer, why }));
    const keep = () => {
      const { lng, lat } = made.map.getCenter();
      view.value = { zoom: made.map.getZoom(), latitude: lat, longitude: lng };
    };
    made.map.on("moveend", keep);
    made.map.on("click", (event) => {
      if (mode.value === "identify" || mode.value === "extract") hands.current.click?.(event, made);
    });
    performance.mark("map-made");
    made.map.once("load", () => performance.mark("map-loaded"));
    set(made);
    ready?.(made);
    Object.assign(window, { spacegovMap: made.map });
    return () => made.remove();
  }, []);

  const comparing = compares && swipe.value !== null;
  const mine = comparing ? sideOf(layers, "left") : layers;
  const first = useRef(true);
  useEffect(() => {
    if (!pane) return;
    if (first.current) {
      first.current = false;
      return;
    }
    void pane.retheme(theme.value, mine);
  }, [theme.value]);
  useEffect(() => {
    void pane?.show(mine);
  }, [pane, layers, comparing]);
  useEffect(() => {
    if (!pane) return;
    const canvas = pane.map.getCanvas();
    canvas.setAttribute("aria-label", t("mapOf", { name: say(territory.value?.title) }));
    canvas.setAttribute("role", "application");
  }, [pane, language.value]);
  useEffect(() => {
    if (!pane) return;
    pane.map.getCanvas().style.cursor = mode.value === "identify" ? "" : "crosshair";
    if (mode.value === "draw") return draw(pane, "polygon", (geometry) => { mode.value = "identify"; hands.current.drawn?.(geometry); }, () => (mode.value = "identify"));
    if (mode.value === "measure")
      return draw(pane, "linestring", (geometry) => { mode.value = "identify"; tell(join(length(lengthOf(geometry)))); }, () => (mode.value = "identify"));
    return;
  }, [pane, mode.value]);

  return (
    <div class="map">
      <div class="canvas" ref={box} />
      {pane && comparing && <Swipe main={pane} layers={layers} />}
      {unable && <div class="stx"><b>{t("noWebgl")}</b></div>}
      <div class="map-tools">
        <div class="float" role="group" aria-label={t("mapTools")}>
          {tools.map((name) => {
            const [icon, word] = TOOLS[name];
            return (
              <button key={name} type="button" class="icon-btn" aria-pressed={mode.value === name} aria-label={t(word)} title={t(word)} onClick={() => (mode.value = mode.value === name ? "identify" : name)}>
                <Icon name={icon} />
              </button>
            );
          })}
        </div>
        {compares && (
          <div class="float" role="group" aria-label={t("compare")}>
            <button type="button" class="icon-btn" aria-pressed={comparing} aria-label={t("compare")} title={t("compare")} onClick={compare}>
              <Icon name="swipe" />
            </button>
          </div>
        )}
        <div class="float" role="group" aria-label={t("share")}>
          <button type="button" class="icon-btn" aria-label={t("copyLink")} title={t("copyLink")} onClick={async () => tell(t((await copyLink()) ? "copied" : "notCopied"))}>
            <Icon name="link" />
          </button>
          <button type="button" class="icon-btn" aria-label={t("print")} title={t("print")} onClick={() => print()}>
            <Icon name="print" />
          </button>
        </div>
        {(mode.value === "draw" || mode.value === "measure") && <p class="float hint" role="status">{t(mode.value === "draw" ? "drawHelp" : "measureHelp")}</p>}
      </div>
      {pane && (
        <div class="zoom float">
          <button type="button" class="icon-btn" aria-label={t("zoomIn")} title={t("zoomIn")} onClick={() => pane.map.zoomIn()}><Icon name="plus" /></button>
          <button type="button" class="icon-btn" aria-label={t("zoomOut")} title={t("zoomOut")} onClick={() => pane.map.zoomOut()}><Icon name="minus" /></button>
          {territory.value?.bounds && (
            <button type="button" class="icon-btn" aria-label={t("wholeTerritory")} title={t("wholeTerritory")} onClick={() => pane.fit(territory.value!.bounds!)}><Icon name="target" /></button>
          )}
        </div>
      )}
      {children}
      {pane && <Foot pane={pane} layers={layers} />}
    </div>
  );
}

/** Length of a line on the sphere, in metres. */
function lengthOf(geometry: GeoJSON.Geometry): number {
  if (geometry.type !== "LineString") return 0;
  const radians = (value: number) => (value * Math.PI) / 180;
  let sum = 0;
  geometry.coordinates.forEach(([x = 0, y = 0], i) => {
    if (!i) return;
    const [px = 0, py = 0] = geometry.coordinates[i - 1]!;
    const a = Math.sin(radians(y - py) / 2) ** 2 + Math.cos(radians(y)) * Math.cos(radians(py)) * Math.sin(radians(x - px) / 2) ** 2;
    sum += 2 * 6_371_008.8 * Math.asin(Math.sqrt(a));
  });
  return sum;
}

function Foot({ pane, layers }: { pane: Pane; layers: Active[] }) {
  const [at, set] = useState<{ lat: number; lng: number; metres: number; pixels: number } | null>(null);
  useEffect(() => {
    const tellScale = () => {
      const { lat, lng } = pane.map.getCenter();
      const perPixel = (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** pane.map.getZoom());
      const most = perPixel * 130;
      const power = 10 ** Math.floor(Math.log10(most));
      const metres = power * ([5, 2, 1].find((each) => each * power <= most) ?? 1);
      set((old) => ({ lat: old?.lat ?? lat, lng: old?.lng ?? lng, metres, pixels: metres / perPixel }));
    };
    const point = (event: import("maplibre-gl").MapMouseEvent) => set((old) => old && { ...old, lat: event.lngLat.lat, lng: event.lngLat.lng });
    tellScale();
    pane.map.on("move", tellScale);
    pane.map.on("mousemove", point);
    return () => {
      pane.map.off("move", tellScale);
      pane.map.off("mousemove", point);
    };
  }, [pane]);
  const named = layers.filter((each) => !each.hidden).slice(0, 3).flatMap(({ id }) => {
    const layer = byId.value.get(id);
    return layer ? [`${say(layer.title)} ${layer.version ?? ""}`.trim()] : own.value[id] ? [say(own.value[id])] : [];
  });
  return (
    <div class="map-foot">
      {at && <span class="scale"><i style={{ width: `${at.pixels.toFixed(1)}px` }} />{join(length(at.metres))}</span>}
      {at && <span class="mono">{degrees(at.lat, at.lng)}</span>}
      <span class="faint">{territory.value?.crs}</span>
      <span class="src" title={named.join(" · ")}>{named.length ? t("sources", { s: named.join(" · ") }) : ""}</span>
    </div>
  );
}

/** Begin to compare, with the topmost layer on the right of the line alone; or end it. */
function compare(): void {
  if (swipe.value !== null) {
    swipe.value = null;
    return;
  }
  const shown = active.value.filter((each) => !each.hidden);
  if (shown.length && shown.every((each) => !each.side)) active.value = active.value.map((each) => (each === shown[0] ? { ...each, side: "right" } : each));
  swipe.value = 50;
}
