// Drawing an area or a line by hand.

import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import type { Geometry } from "../types";
import { token } from "./colours";
import type { Pane } from "./pane";

/** Let the reader draw; gives a function that ends it. */
export function draw(pane: Pane, kind: "polygon" | "linestring", done: (geometry: Geometry) => void, give: () => void): () => void {
  const accent = token("accent") as `#${string}`;
  const ground = token("surface") as `#${string}`;
  const points = { closingPointColor: accent, closingPointWidth: 5, closingPointOutlineColor: ground, closingPointOutlineWidth: 2 } as const;
  const mode =
    kind === "polygon"
      ? new TerraDrawPolygonMode({ styles: { fillColor: accent, fillOpacity: 0.12, outlineColor: accent, outlineWidth: 2, ...points } })
      : new TerraDrawLineStringMode({ styles: { lineStringColor: accent, lineStringWidth: 2.5, ...points } });
  const drawing = new TerraDraw({ adapter: new TerraDrawMapLibreGLAdapter({ map: pane.map }), modes: [mode] });
  drawing.start();
  drawing.setMode(kind);
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    removeEventListener("keydown", key);
    drawing.stop();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    end();
    give();
  };
  addEventListener("keydown", key);
  drawing.on("finish", (id) => {
    const feature = drawing.getSnapshotFeature(id);
    end();
    if (feature) done(feature.geometry as Geometry);
  });
  return end;
}
