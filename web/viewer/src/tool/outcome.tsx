// The answer: its sentence, its table, a plot, where it comes from, downloads.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { day, figure, join, number, area as sized } from "../format";
import { nameOf } from "../one-map/bench";
import { valued } from "../one-map/identify";
import { Icon } from "../parts/icons";
import { Failed, Loading, Message } from "../parts/states";
import { active, byId, go, language } from "../state";
import type { Feature, Figures, Results, Tool } from "../types";
import { say, t } from "../words";
import { asFields, columnsOf, framesOf, shownFrame, type NamedFrame } from "./frames";
import { run } from "./run";

const ROWS = 60;
const COLUMNS = 8;

export function Outcome({ tool, selected, select }: { tool: Tool; selected: Feature | null; select: (feature: Feature | null) => void }) {
  const { results, why, busy } = run.value;
  return (
    <section class="rp" aria-label={t("result")}>
      {results ? <Answered tool={tool} results={results} selected={selected} select={select} /> : (
        <div class="rp-e">
          {why ? <Failed why={why} /> : busy ? <Loading /> : <Message icon="layers" title={t("noResultYet")}><p class="small muted">{t("noResultHelp")}</p></Message>}
        </div>
      )}
    </section>
  );
}

function Answered({ tool, results, selected, select }: { tool: Tool; results: Results; selected: Feature | null; select: (feature: Feature | null) => void }) {
  const frames = framesOf(results);
  const main = shownFrame(tool, results) ?? frames[0] ?? null;
  const [name, choose] = useState(main?.name ?? "");
  useEffect(() => choose(main?.name ?? ""), [results]);
  const frame = frames.find((each) => each.name === name) ?? main;
  const kept = frame !== null && active.value.some((each) => each.id === frame.collection);
  const balance = (results.provenance as { balances?: { difference: number }[] }).balances;
  return (
    <>
      <div class="rp-h">
        <h2>{t("result")}</h2>
        <span class="badge ok"><Icon name="check" small />{t("rowsWord", { n: number(results.summary.rows ?? frame?.value?.features.length ?? 0) })}</span>
        <span class="grow trunc" title={results.answer}>{results.answer}</span>
        {balance?.length ? <span class="faint small hide-n">{t("difference")} {figure(Math.max(...balance.map((each) => Math.abs(each.difference))))} m²</span> : null}
        {frame && frame.type !== "application/json" && (
          <button type="button" class="btn sm" disabled={kept} onClick={() => { active.value = [{ id: frame.collection, opacity: 1, hidden: false }, ...active.value]; go("map"); }}>
            <Icon name={kept ? "check" : "layers"} small />{t(kept ? "kept" : "keepLayer")}
          </button>
        )}
      </div>
      <div class="rp-b">
        <div class="rp-t" tabIndex={0} role="region" aria-label={t("result")}>
          {frames.length > 1 && (
            <div class="seg frames" role="group" aria-label={t("result")}>
              {frames.map((each) => <button type="button" key={each.name} aria-pressed={each.name === frame?.name} onClick={() => { choose(each.name); select(null); }}>{each.name.replaceAll("_", " ")}</button>)}
            </div>
          )}
          {frame && <Table tool={tool} frame={frame} selected={selected} select={select} />}
        </div>
        <div class="rp-c"><Bars tool={tool} results={results} /></div>
        <div class="rp-p"><Origin results={results} frames={frames} frame={frame} /></div>
      </div>
    </>
  );
}

function Table({ tool, frame, selected, select }: { tool: Tool; frame: NamedFrame; selected: Feature | null; select: (feature: Feature | null) => void }) {
  const [features, set] = useState<Feature[] | null>(frame.value?.features ?? null);
  const [why, fail] = useState<string | null>(null);
  useEffect(() => {
    fail(null);
    if (frame.value) return set(frame.value.features);
    set(null);
    api.items(frame.collection, { limit: String(ROWS) }).then((page) => set(page.features), (error: Error) => fail(error.message));
  }, [frame.collection]);
  if (why) return <Failed why={why} />;
  if (!features) return <Loading />;
  if (!features.length) return <Message icon="info" title={t("emptyAnswer")} />;
  const columns = columnsOf(features, tool, COLUMNS);
  const fields = asFields(tool);
  const wide = (name: string) => typeof features[0]?.properties[name] === "number";
  const cell = (name: string, value: unknown) => {
    if (typeof value === "string" && (byId.value.has(value))) return nameOf(value);
    if (name.startsWith("share") && typeof value === "number") return `${number(value * 100, 1)} %`;
    if (typeof value === "number") return figure(value);
    return valued(name, value, fields);
  };
  return (
    <>
      <table class="tbl">
        <thead>
          <tr>{columns.map((name) => <th key={name} class={wide(name) ? "num" : ""} scope="col">{[say(tool.columns[name]?.title) || name.replaceAll("_", " "), tool.columns[name]?.unit].filter(Boolean).join(", ")}</th>)}</tr>
        </thead>
        <tbody>
          {features.slice(0, ROWS).map((feature, i) => (
            <tr key={i} class={selected === feature ? "sel" : ""} tabIndex={feature.geometry ? 0 : undefined}
              onClick={() => select(selected === feature ? null : feature)}
              onKeyDown={(event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); select(selected === feature ? null : feature); } }}>
              {columns.map((name) => <td key={name} class={wide(name) ? "num" : ""}>{cell(name, feature.properties[name])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {features.length > ROWS && <p class="help more">{t("showingRows", { m: ROWS, n: number(features.length) })}</p>}
    </>
  );
}

function Bars({ tool, results }: { tool: Tool; results: Results }) {
  const by = results.summary.by ?? {};
  const name = [...(tool.show?.sum_by ?? []), tool.show?.colour_by].find((each): each is string => each !== undefined && Object.keys(by[each] ?? {}).length > 0) ?? Object.keys(by)[0];
  const groups = name ? Object.entries(by[name] as Record<string, Figures>) : [];
  if (!name || !groups.length) return null;
  const areas = groups.some(([, value]) => (value.area_m2 ?? 0) > 0);
  const size = (value: Figures) => (areas ? (value.area_m2 ?? 0) : value.rows);
  const sorted = groups.map(([key, value]) => [key, size(value)] as const).sort((a, b) => b[1] - a[1]).slice(0, 6);
  const most = Math.max(...sorted.map(([, value]) => value), 1e-9);
  const fields = asFields(tool);
  return (
    <>
      <b class="small">{t(areas ? "area" : "count")}</b>
      <p class="small faint">{t("by", { what: (say(tool.columns[name]?.title) || name).toLowerCase() })}</p>
      <ul class="bars">
        {sorted.map(([key, value]) => (
          <li key={key}>
            <span class="trunc" title={valued(name, key, fields)}>{byId.value.has(key) ? nameOf(key) : valued(name, key, fields)}</span>
            <span class="bb-row"><i class="bb-bar" style={{ width: `${(value / most) * 100}%` }} /><b>{areas ? join(sized(value)) : number(value)}</b></span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Origin({ results, frames, frame }: { results: Results; frames: NamedFrame[]; frame: NamedFrame | null }) {
  const origin = results.provenance as Omit<Results["provenance"], "dropped"> & { rows_in?: number; rows_out?: number; seconds?: number; dropped?: { count: number; reason: string }[] };
  const left = (origin.dropped ?? []).reduce((sum, each) => sum + each.count, 0);
  const raster = frame?.type === "application/json";
  return (
    <>
      <b class="small">{t("whereFrom")}</b>
      <dl class="kv">
        {origin.inputs.slice(0, 4).map((input) => (
          <div class="kv-r" key={input.role + input.layer}>
            <dt class="trunc" title={input.layer}>{say(input.title) || nameOf(input.layer)}</dt>
            <dd>{day(input.version) || number(input.rows ?? 0)}</dd>
          </div>
        ))}
        {origin.rows_in !== undefined && <div class="kv-r"><dt>{t("rowsIn")}</dt><dd>{number(origin.rows_in)}</dd></div>}
        {left > 0 && <div class="kv-r" title={(origin.dropped ?? []).map((each) => `${each.count} ${each.reason}`).join("; ")}><dt>{t("leftOut")}</dt><dd>{number(left)}</dd></div>}
        {origin.seconds !== undefined && <div class="kv-r"><dt>{t("took")}</dt><dd>{number(origin.seconds, 1)} s</dd></div>}
      </dl>
      {(origin.doubts ?? []).slice(0, 2).map((doubt, i) => <p class="small warn-t" key={i}>{say(doubt.text)}</p>)}
      <b class="small">{t("download")}</b>
      <div class="row dl">
        {frame && (raster ? ["tif"] : ["gpkg", "parquet"]).map((form) => <a key={form} class="chip" download href={api.download(results.job, frame.name, form)}>{{ gpkg: "GPKG", parquet: "GeoParquet", tif: "GeoTIFF" }[form]}</a>)}
        {frames.length > 0 && <a class="chip" download href={api.download(results.job, "workbook", "xlsx")}>xlsx</a>}
        {frames.length > 0 && <a class="chip" download href={`${api.download(results.job, "report", "pdf")}&lang=${language.value}`}>{t("report")}</a>}
      </div>
    </>
  );
}
