// Three zones by building: cases of a drill, notices by day, how each building stands.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api";
import { figure, number } from "../format";
import { inside } from "../map/labels";
import { token } from "../map/colours";
import { boundsOf, type Pane } from "../map/pane";
import { MapView } from "../map/view";
import { Icon } from "../parts/icons";
import { Failed, Message } from "../parts/states";
import { cases, go, theme, tools, until, type Active } from "../state";
import type { Feature } from "../types";
import { t, type Word } from "../words";
import { ApplicationScenarios, ApplicationTools } from "./application";
import { clear, daysOf, delineate, fault, moved, notices, TOOL, working, type Notice } from "./notices";
import { ZoneSwatch } from "./zone-swatch";

const ZONES: [string, Word, Word][] = [
  ["containment", "containmentShort", "containment"],
  ["control", "controlShort", "control"],
  ["prevention", "preventionShort", "prevention"],
];
const BUILDINGS = "artificial.buildings";

export function ZonesPage() {
  const pane = useRef<Pane | null>(null);
  const [date, setDate] = useState(() => daysOf(cases.value).at(-1) ?? new Date().toISOString().slice(0, 10));
  const shown = notices.value.find((each) => each.day === until.value) ?? notices.value.at(-1) ?? null;
  const layer = shown ? shown.buildings : BUILDINGS;
  const [layers, setLayers] = useState<Active[]>([{ id: layer, opacity: 1, hidden: false }]);
  useEffect(() => setLayers([{ id: layer, opacity: 1, hidden: false }]), [layer]);
  useEffect(() => {
    if (cases.value.length && !notices.value.length) void delineate(cases.value);
    return clear;
  }, []);
  const mark = () => {
    if (pane.current) markZones(pane.current, shown);
  };
  useEffect(mark, [shown, cases.value, theme.value]);
  useEffect(() => {
    const strict = shown?.zones.filter((feature) => feature.properties.zone !== "prevention");
    const box = strict?.length ? boundsOf(strict) : null;
    if (box) pane.current?.fit(box);
  }, [shown?.day, notices.value.length]);
  const toggle = (building: Feature) => {
    const id = String(building.properties.building_id ?? building.id);
    const at = building.geometry && inside(building.geometry);
    if (!at) return;
    cases.value = cases.value.some((each) => each.building === id) ? cases.value.filter((each) => each.building !== id) : [...cases.value, { building: id, date, at }];
  };
  return (
    <main id="main" tabIndex={-1} class="p-z">
      <MapView tools={["identify", "measure"]} layers={layers}
        ready={(made) => { pane.current = made; mark(); }}
        click={(event, made) => {
          void api.items(BUILDINGS, { bbox: made.around(event, 2).join(","), limit: "1" }).then((page) => page.features[0] && toggle(page.features[0]));
        }}>
        <div class="mini float tr">
          <b class="small">{t("stateOfBuilding")}</b>
          <ul class="legend">{ZONES.map(([zone, , word]) => <li key={zone}><ZoneSwatch zone={zone} /><span>{t(word)}</span></li>)}
            <li><ZoneSwatch zone="case" /><span>{t("cases")}</span></li>
          </ul>
        </div>
        {notices.value.length > 0 && <TimeBar shown={shown} />}
      </MapView>
      <aside class="zp" aria-label={t("zonesTitle")}>
        <p class="drill"><Icon name="info" small />{t("drill")}</p>
        <div class="zp-h">
          <h1>{shown ? t("notice", { n: notices.value.indexOf(shown) + 1 }) : t("zonesTitle")}</h1>
          <p class="muted">{shown ? t("casesUntil", { d: shown.day }) : t("markHelp")}</p>
        </div>
        <div class="zp-b" tabIndex={0} role="region" aria-label={t("zonesTitle")}>
          {fault.value && <Failed why={fault.value} again={() => void delineate(cases.value)} />}
          {shown && <Figures notice={shown} />}
          {shown && notices.value.length > 1 && <Change notice={shown} />}
          <Cases date={date} setDate={setDate} pane={pane} />
          <section><ApplicationScenarios name="emergency" /></section>
          <section><ApplicationTools name="emergency" /></section>
        </div>
        <footer class="xp-f">
          {working.value ? <span class="small muted" role="status">{t("notice", { n: working.value.done + 1 })}: {working.value.step || t("waiting")}</span> : shown ? (
            <span class="row">
              <a class="chip" download href={api.download(shown.results.job, "zones", "gpkg")}>GPKG</a>
              <a class="chip" download href={api.download(shown.results.job, "workbook", "xlsx")}>xlsx</a>
              <button type="button" class="chip" onClick={() => go("tool", TOOL)}>{t("options")}</button>
            </span>
          ) : <span />}
          <button type="button" class="btn primary" disabled={!cases.value.length || working.value !== null || !tools.value.some((tool) => tool.id === TOOL)} onClick={() => void delineate(cases.value)}>
            <Icon name="play" />{t("delineate")}
          </button>
        </footer>
      </aside>
    </main>
  );
}

function Figures({ notice }: { notice: Notice }) {
  const { summary } = notice.results;
  const value = (zone: string, what: string) => Number(summary[`${zone}_${what}`] ?? 0);
  return (
    <table class="tbl zt">
      <thead><tr><th scope="col">{t("zone")}</th><th class="num" scope="col">{t("buildingsShort")}</th><th class="num" scope="col">{t("people")}</th><th class="num" scope="col">{t("areaKm2")}</th></tr></thead>
      <tbody>
        {ZONES.map(([zone, word]) => (
          <tr key={zone}>
            <td><span class="mark"><ZoneSwatch zone={zone} />{t(word)}</span></td>
            <td class="num">{number(value(zone, "buildings"))}</td>
            <td class="num">{number(value(zone, "people"))}</td>
            <td class="num">{figure(value(zone, "area_m2") / 1e6)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Change({ notice }: { notice: Notice }) {
  const at = notices.value.indexOf(notice);
  const before = notices.value[at - 1];
  if (!before) return null;
  const { tightened, eased } = moved(notice, before);
  const all = ZONES.reduce((sum, [zone]) => sum + Number(notice.results.summary[`${zone}_buildings`] ?? 0), 0);
  return (
    <section>
      <h2>{t("against", { n: at })}</h2>
      <ul class="dlt">
        <li><b>{number(tightened.length)}</b><span>{t("tightened")}</span></li>
        <li><b>{number(eased.length)}</b><span>{t("eased")}</span></li>
        <li><b>{number(all - tightened.length - eased.length)}</b><span>{t("unchanged")}</span></li>
      </ul>
    </section>
  );
}

function Cases({ date, setDate, pane }: { date: string; setDate: (date: string) => void; pane: { current: Pane | null } }) {
  const sample = async () => {
    const map = pane.current?.map;
    const box = map?.getBounds();
    if (!box) return;
    const { lng, lat } = box.getCenter();
    // People live in several buildings near the middle of the view.
    const page = await api.items(BUILDINGS, { bbox: [lng - 0.006, lat - 0.005, lng + 0.006, lat + 0.005].join(","), filter: "residents > 20", limit: "60" });
    const some = [0, 1, 2].flatMap((i) => page.features[Math.floor((i + 0.5) * (page.features.length / 3))] ?? []);
    const start = Date.parse(date);
    cases.value = some.flatMap((feature, i) => {
      const at = feature.geometry && inside(feature.geometry);
      return at ? [{ building: String(feature.properties.building_id), date: new Date(start - (2 - i) * 2 * 86_400_000).toISOString().slice(0, 10), at }] : [];
    });
  };
  return (
    <section>
      <div class="row between"><h2>{t("cases")}</h2>
        <label class="row small">{t("day")}<input class="input sm" type="date" value={date} aria-label={t("caseDay")} onChange={(event) => setDate(event.currentTarget.value)} /></label>
      </div>
      {cases.value.length === 0 ? (
        <Message icon="target" title={t("noCases")}>
          <p class="small muted">{t("noCasesHelp")}</p>
          <button type="button" class="btn sm" onClick={() => void sample()}>{t("sampleDrill")}</button>
        </Message>
      ) : (
        <ul class="picks">
          {[...cases.value].sort((a, b) => a.date.localeCompare(b.date)).map((each) => (
            <li key={each.building}><span class="mono trunc">{each.building}</span><span class="badge">{each.date}</span>
              <button type="button" class="icon-btn sm" aria-label={t("remove", { name: each.building })} onClick={() => (cases.value = cases.value.filter((one) => one !== each))}><Icon name="close" /></button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function TimeBar({ shown }: { shown: Notice | null }) {
  const list = notices.value;
  const first = Date.parse(list[0]!.day);
  const span = Math.max(1, Date.parse(list.at(-1)!.day) - first);
  const at = (day: string) => (list.length === 1 ? 50 : ((Date.parse(day) - first) / span) * 92 + 4);
  return (
    <div class="tbar float" role="group" aria-label={t("notices")}>
      <div class="tline">
        <span class="tl-b" />
        <span class="tl-d" style={{ width: `${at(shown?.day ?? list[0]!.day)}%` }} />
        {list.map((each, i) => (
          <button type="button" key={each.day} class={each === shown ? "tk on" : "tk"} aria-pressed={each === shown} style={{ left: `${at(each.day)}%` }} onClick={() => (until.value = each.day)}>
            <b>{i + 1}</b><em>{each.day.slice(5)}</em>
          </button>
        ))}
      </div>
    </div>
  );
}

/** Draw the edges of the strict zones and the cases over the buildings. */
function markZones(pane: Pane, notice: Notice | null): void {
  const zones = notice?.zones.filter((feature) => feature.properties.zone !== "prevention") ?? [];
  const marked = cases.value.filter((each) => !notice || each.date <= notice.day);
  const points: Feature[] = marked.map((each) => ({ type: "Feature", geometry: { type: "Point", coordinates: each.at }, properties: {} }));
  const colour = ["match", ["get", "zone"], "containment", token("containment"), token("control-zone")];
  pane.overlay("zones", {
    features: [...zones, ...points],
    layers: [
      { id: "zones-fill", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour, "fill-opacity": 0.1 } },
      { id: "zones-hard", type: "line", filter: ["==", ["get", "zone"], "containment"], paint: { "line-color": token("containment"), "line-width": 2.6 } },
      { id: "zones-dash", type: "line", filter: ["==", ["get", "zone"], "control"], paint: { "line-color": token("control-zone"), "line-width": 2.2, "line-dasharray": [4, 1.6] } },
      { id: "zones-case", type: "circle", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 6, "circle-color": token("surface"), "circle-stroke-color": token("containment"), "circle-stroke-width": 3 } },
    ],
  });
}
