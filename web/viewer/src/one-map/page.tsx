// The one map: catalogue, map, workbench; what is at a place; what restricts it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ExtractPanel } from "../extract/panel";
import { boundsOf, type Pane } from "../map/pane";
import { MapView } from "../map/view";
import { Icon } from "../parts/icons";
import { active, area, areaName, cardOpen, go, highlighted, mode, place, theme } from "../state";
import { t } from "../words";
import { Bench } from "./bench";
import { CardPanel } from "./card";
import { CataloguePanel } from "./catalogue";
import { IdentifyPanel, type Spot } from "./identify";

export function OneMapPage() {
  const pane = useRef<Pane | null>(null);
  const [spot, see] = useState<Spot | null>(null);
  const asked = place.value !== null;
  const mark = () => pane.current?.choose(highlighted.value);
  useEffect(mark, [highlighted.value, theme.value]);
  useEffect(() => {
    if (asked) see(null);
  }, [asked]);
  const close = useCallback(() => see(null), []);
  return (
    <main id="main" tabIndex={-1} class={asked ? "p-ex" : "p-map"}>
      {!asked && <CataloguePanel />}
      <MapView
        tools={["identify", "extract", "draw", "measure"]}
        layers={active.value}
        compares={!asked}
        ready={(made) => {
          pane.current = made;
          mark();
        }}
        click={(event, made) => {
          const at: [number, number] = [event.lngLat.lng, event.lngLat.lat];
          if (mode.value === "extract" || place.value) place.value = { geometry: { type: "Point", coordinates: at } };
          else see({ at, box: made.around(event, 3) });
        }}
        drawn={(geometry) => {
          area.value = geometry;
          areaName.value = "drawnArea";
          place.value = { geometry };
        }}
      >
        {!asked && <Bench fit={(bounds) => pane.current?.fit(bounds)} />}
        {!asked && cardOpen.value && <CardPanel id={cardOpen.value} key={cardOpen.value} />}
        {!asked && spot && <IdentifyPanel spot={spot} close={close} />}
        {area.value && !asked && (
          <div class="float drawn">
            <Icon name="polygon" />
            <span>{t("drawnArea")}</span>
            <button type="button" class="btn sm" onClick={() => (place.value = { geometry: area.value! })}>{t("restrictions")}</button>
            <button type="button" class="btn sm" onClick={() => go("tool", "detect-plan-conflict")}>{t("tools")}</button>
            <button type="button" class="icon-btn sm" aria-label={t("close")} onClick={() => (area.value = null)}><Icon name="close" /></button>
          </div>
        )}
      </MapView>
      {asked && <ExtractPanel show={(features) => { const box = boundsOf(features); if (box && (box[0] !== box[2])) pane.current?.fit(box); }} />}
    </main>
  );
}
