// One tool: its question, its form, the map, the answer.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api";
import { surface } from "../extract/geometry";
import { area, join, number } from "../format";
import { boundsOf, type Pane } from "../map/pane";
import { MapView } from "../map/view";
import { Legend, nameOf, useStyle } from "../one-map/bench";
import { Icon } from "../parts/icons";
import { Loading, Message } from "../parts/states";
import { area as within, areaName, byId, go, jobId, mode, own, tell, territory, theme, toolId, tools, type Active, type PageName } from "../state";
import type { Feature, Geometry, Tool } from "../types";
import { say, t } from "../words";
import { drawable } from "../one-map/catalogue";
import { LayersField, OptionControl } from "./fields";
import { defaults, fault, fieldsOf, type Filled } from "./form";
import { Outcome } from "./outcome";
import { framesOf, shownFrame } from "./frames";
import { begin, forget, resume, run, stop } from "./run";

export function ToolPage() {
  const tool = tools.value.find((each) => each.id === toolId.value);
  if (!tool)
    return (
      <main id="main" tabIndex={-1} class="p-fail">
        {tools.value.length === 0 ? <Loading /> : (
          <Message icon="search" title={t("noTool", { id: toolId.value ?? "" })}>
            <p class="small muted">{t("noToolHelp")}</p>
            <button type="button" class="btn sm" onClick={() => go("integration")}>{t("tools")}</button>
          </Message>
        )}
      </main>
    );
  return <Asked tool={tool} />;
}

function Asked({ tool }: { tool: Tool }) {
  const fields = fieldsOf(tool);
  const [filled, fill] = useState<Filled>(() => defaults(fields));
  const [row, select] = useState<Feature | null>(null);
  const pane = useRef<Pane | null>(null);
  useEffect(() => {
    forget();
    if (jobId.value) void resume(jobId.value);
    return forget;
  }, [tool.id]);
  const { results } = run.value;
  const shown = results ? shownFrame(tool, results) : null;
  const layers: Active[] = shown ? [{ id: shown.collection, opacity: 1, hidden: false }] : chosen(filled);
  const layersKey = layers.map((each) => each.id).join();
  const [stable, settle] = useState<Active[]>(layers);
  useEffect(() => settle(layers), [layersKey]);
  const mark = () => {
    const features: Feature[] = [];
    if (within.value) features.push({ type: "Feature", geometry: within.value, properties: { area: true } });
    if (row?.geometry) features.push(row);
    pane.current?.choose(features);
  };
  useEffect(mark, [within.value, row, theme.value]);
  useEffect(() => {
    if (!results || !pane.current) return;
    const box = within.value ? boundsOf([{ type: "Feature", geometry: within.value, properties: {} }]) : boundsOf(framesOf(results).flatMap((frame) => frame.value?.features ?? []));
    if (box) pane.current.fit(box);
  }, [results]);
  return (
    <main id="main" tabIndex={-1} class="p-tool">
      <Panel tool={tool} filled={filled} fill={fill} />
      <div class="tw-r">
        <MapView tools={["identify", "draw", "measure"]} layers={stable}
          ready={(made) => { pane.current = made; mark(); }}
          drawn={(geometry) => { within.value = geometry; areaName.value = "drawnArea"; }}>
          {shown && <MiniLegend id={shown.collection} title={say(tool.title)} />}
        </MapView>
        <Outcome tool={tool} selected={row} select={(feature) => { select(feature); const box = feature && boundsOf([feature]); if (box) pane.current?.fit(box); }} />
      </div>
    </main>
  );
}

/** The first layers that were chosen, faint, so that an area is drawn where they lie. */
function chosen(filled: Filled): Active[] {
  const drawn = Object.values(filled.layers).flat().filter((id) => { const layer = byId.value.get(id); return layer !== undefined && drawable(layer) && layer.kind !== "Raster"; });
  return drawn.slice(0, 2).map((id) => ({ id, opacity: 0.45, hidden: false }));
}

function MiniLegend({ id, title }: { id: string; title: string }) {
  const { style } = useStyle(id);
  if (!style) return null;
  return (
    <div class="mini float tr" tabIndex={0} role="region" aria-label={title}>
      <b class="small">{title}</b>
      <Legend style={style} most={8} />
    </div>
  );
}

function Panel({ tool, filled, fill }: { tool: Tool; filled: Filled; fill: (next: Filled) => void }) {
  const fields = fieldsOf(tool);
  const layerFields = fields.filter((field) => field.kind === "layers");
  const rules = fields.filter((field) => field.kind === "rules");
  const options = fields.filter((field) => field.kind !== "layers" && field.kind !== "rules");
  const missing = layerFields.some((field) => field.required && field.wants !== "LayerSet" && !(filled.layers[field.name] ?? []).length);
  const wrong = fields.some((field) => field.kind !== "layers" && fault(field, filled.options[field.name]) !== null);
  const spatial = layerFields.some((field) => field.wants !== "Table" && field.wants !== "Raster" && field.wants !== "LayerSet");
  const set = (part: "layers" | "options", name: string, value: unknown) => fill({ ...filled, [part]: { ...filled[part], [name]: value } });
  const home = tool.application as PageName;
  return (
    <form class="tp" aria-label={say(tool.title)} onSubmit={(event) => { event.preventDefault(); if (!missing && !wrong) void begin(tool, filled, spatial ? within.value : null); }}>
      <div class="tp-h">
        <a class="row small" href={`#/${home}`} onClick={(event) => { event.preventDefault(); go(home); }}>
          <Icon name="left" small />{t("allTools", { n: tools.value.length })}
        </a>
        <h1>{say(tool.title)}</h1>
        <p class="muted">{say(tool.question)}</p>
      </div>
      <div class="tp-b" tabIndex={0} role="region" aria-label={t("options")}>
        {Object.entries(tool.withheld).length > 0 && (
          <div class="tp-n">
            {Object.entries(tool.withheld).map(([id]) => (
              <p class="note warn" key={id}><Icon name="lock" /><span>{t("toolNeeds", { layer: nameOf(id), who: say(territory.value?.stewards[byId.value.get(id)?.steward ?? ""]?.title) })}</span></p>
            ))}
          </div>
        )}
        {spatial && <fieldset><legend class="sr">{t("area")}</legend><AreaBox /></fieldset>}
        <fieldset>
          <legend class="sr">{t("layersWord")}</legend>
          {layerFields.map((field) => <LayersField key={field.name} field={field} value={filled.layers[field.name] ?? []} change={(value) => set("layers", field.name, value)} />)}
          <UploadLayer />
        </fieldset>
        {rules.length > 0 && (
          <fieldset>
            <legend class="sr">{t("rules")}</legend>
            {rules.map((field) => field.kind !== "layers" && (
              <div class="fm" key={field.name}>
                <span class="lbl">{t("rules")} <span class="help">{field.title}</span></span>
                <span class="row"><Icon name="page" /><span>{String(filled.options[field.name] ?? "").replaceAll("-", " ")}</span></span>
              </div>
            ))}
          </fieldset>
        )}
        {options.length > 0 && (
          <fieldset>
            <legend class="sr">{t("options")}</legend>
            {options.map((field) => field.kind !== "layers" && <OptionControl key={field.name} field={field} value={filled.options[field.name]} change={(value) => set("options", field.name, value)} />)}
          </fieldset>
        )}
      </div>
      <div class="tp-f">
        <Progress />
        <button type="submit" class="btn primary" disabled={run.value.busy || missing || wrong}>
          <Icon name="play" />{t(run.value.results ? "runAgain" : "run")}
        </button>
      </div>
    </form>
  );
}

function Progress() {
  const { job, busy, since } = run.value;
  if (!busy) return job?.status === "dismissed" ? <p class="small muted" role="status">{t("cancelled")}</p> : null;
  const share = job?.progress ?? 0;
  const gone = (Date.now() - since) / 1000;
  const left = share > 10 && gone > 2 ? Math.ceil((gone / share) * (100 - share)) : null;
  const step = job?.message || t("waiting");
  return (
    <div class="job" role="status">
      <div class="row between">
        <b class="trunc">{t("run")}</b>
        <span class="row"><b>{number(share)} %</b><button type="button" class="btn sm" disabled={!job} onClick={() => void stop()}>{t("cancel")}</button></span>
      </div>
      <div class="prog" role="progressbar" aria-label={t("run")} aria-valuenow={share} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${Math.max(2, share)}%` }} /></div>
      <p class="help">{step}{left ? ` · ${t("secondsLeft", { n: left })}` : ""}</p>
    </div>
  );
}

function AreaBox() {
  const file = useRef<HTMLInputElement>(null);
  const shape = within.value;
  const square = shape && surface(shape);
  const corners = shape?.type === "Polygon" ? (shape.coordinates[0]?.length ?? 1) - 1 : null;
  return (
    <>
      <div class={shape ? "areabox" : "areabox none"}>
        <Icon name="polygon" />
        <div class="grow">
          <b>{shape ? t(areaName.value) : t("wholeArea")}</b>
          <div class="faint small">{shape ? [square && join(area(square)), corners !== null && t("corners", { n: corners })].filter(Boolean).join(" · ") : t("wholeAreaHelp")}</div>
        </div>
        {shape && <button type="button" class="icon-btn sm" aria-label={t("remove", { name: t(areaName.value) })} onClick={() => (within.value = null)}><Icon name="close" /></button>}
      </div>
      <div class="row">
        <button type="button" class="btn sm" onClick={() => (mode.value = "draw")}><Icon name="pencil" small />{t("draw")}</button>
        <button type="button" class="btn sm" onClick={() => file.current?.click()}><Icon name="upload" small />{t("upload")}</button>
        <input ref={file} class="sr" type="file" tabIndex={-1} accept=".geojson,.json" aria-label={t("uploadedArea")} onChange={(event) => void readArea(event.currentTarget)} />
      </div>
      {shape && <span class="help">{t("areaHelp")}</span>}
    </>
  );
}

async function readArea(input: HTMLInputElement): Promise<void> {
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  try {
    const found = polygonOf(JSON.parse(await file.text()));
    if (!found) throw new Error("the file holds no polygon; draw the area, or send GeoJSON with one");
    within.value = found;
    areaName.value = "uploadedArea";
  } catch (error) {
    tell((error as Error).message);
  }
}

/** Take the areas of GeoJSON as one shape. */
function polygonOf(given: { type?: string; features?: unknown[]; geometry?: unknown; coordinates?: unknown }): Geometry | null {
  if (given.type === "Feature") return polygonOf(given.geometry as object);
  if (given.type === "Polygon" || given.type === "MultiPolygon") return given as Geometry;
  if (given.type !== "FeatureCollection") return null;
  const parts = (given.features ?? []).map((each) => polygonOf(each as object)).filter((each) => each !== null);
  const rings = parts.flatMap((each) => (each.type === "Polygon" ? [each.coordinates] : each.type === "MultiPolygon" ? each.coordinates : []));
  return rings.length === 0 ? null : rings.length === 1 ? { type: "Polygon", coordinates: rings[0]! } : { type: "MultiPolygon", coordinates: rings };
}

export function UploadLayer() {
  const file = useRef<HTMLInputElement>(null);
  const [busy, set] = useState(false);
  const send = async (input: HTMLInputElement) => {
    const chosen = input.files?.[0];
    input.value = "";
    if (!chosen) return;
    set(true);
    try {
      const sent = await api.upload(chosen.name, chosen);
      own.value = { ...own.value, [sent.id]: sent.name };
      tell(t("uploaded", { name: sent.name }));
    } catch (error) {
      tell((error as Error).message);
    } finally {
      set(false);
    }
  };
  return (
    <div class="row between">
      <span class="help">{t("uploadHelp")}</span>
      <button type="button" class="btn sm" disabled={busy} onClick={() => file.current?.click()}><Icon name="upload" small />{t("uploadFile")}</button>
      <input ref={file} class="sr" type="file" tabIndex={-1} accept=".geojson,.json,.gpkg,.zip" aria-label={t("uploadFile")} onChange={(event) => void send(event.currentTarget)} />
    </div>
  );
}
