// The extract: everything that restricts a place, in four answers that cannot be taken for one another.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { area, day, degrees, join, length, percent } from "../format";
import { AnswerMark, Icon } from "../parts/icons";
import { Failed, Loading, sentence } from "../parts/states";
import { byId, highlighted, language, place, territory, type Place } from "../state";
import type { Card, Extract, Feature, Restriction } from "../types";
import { say, t, type Word } from "../words";
import { cardOf } from "../one-map/identify";
import { nameOf } from "../one-map/bench";
import { shareOf, surface } from "./geometry";

type Answer = Restriction["answer"];
const ANSWERS: [Answer, Word, Word, string][] = [
  ["present", "present", "presentHelp", "f-present"],
  ["absent", "absent", "absentHelp", "f-absent"],
  ["not_covered", "notCovered", "notCoveredHelp", "f-nc"],
  ["failed", "failed", "failedHelp", "f-failed"],
];
const LAW: Record<string, [Word, string]> = {
  "in-force": ["inForce", "ok"],
  draft: ["draftNotBinding", "warn"],
  superseded: ["superseded", ""],
  expired: ["expired", ""],
  "not-yet-in-force": ["notYet", "warn"],
};

const steward = (key: string | null | undefined): string => (key ? say(territory.value?.stewards[key]?.title) || key : "");
const titleOf = (row: Restriction): string => say(byId.value.get(row.layer)?.title) || row.title;
export const withheld = (row: Restriction): boolean => row.answer === "failed" && byId.value.get(row.layer)?.status === "withheld";

/** Fetch the shape of a place that was named by its feature. */
async function shaped(found: Place): Promise<{ place: Place; feature: Feature }> {
  if (found.geometry.type !== "GeometryCollection") return { place: found, feature: { type: "Feature", geometry: found.geometry, properties: {} } };
  const [page, card] = await Promise.all([
    fetch(`/collections/${encodeURIComponent(found.layer!)}/items/${encodeURIComponent(found.feature!)}`).then(async (response) => {
      if (!response.ok) throw new api.Refusal(response.status, `${found.feature} is not in ${nameOf(found.layer!)}; click the map instead`);
      return (await response.json()) as Feature;
    }),
    cardOf(found.layer!).catch(() => null),
  ]);
  const name = page.properties.name;
  void card;
  return { place: { ...found, geometry: page.geometry!, label: typeof name === "string" ? name : found.feature! }, feature: page };
}

export function ExtractPanel({ show }: { show: (features: Feature[]) => void }) {
  const [answer, set] = useState<{ extract: Extract; place: Place } | null>(null);
  const [why, fail] = useState<string | null>(null);
  const [turn, again] = useState(0);
  const asked = place.value;
  useEffect(() => {
    if (!asked) return;
    const stop = new AbortController();
    set(null);
    fail(null);
    (async () => {
      const { place: found, feature } = await shaped(asked);
      if (stop.signal.aborted) return;
      highlighted.value = [feature];
      show([feature]);
      const extract = await api.extract(found.geometry, stop.signal);
      if (!stop.signal.aborted) set({ extract, place: found });
    })().catch((error: Error) => {
      if (!stop.signal.aborted) fail(error.message);
    });
    return () => {
      stop.abort();
      highlighted.value = [];
    };
  }, [asked, turn]);
  return (
    <aside class="xp" aria-label={t("restrictions")} aria-busy={!answer && !why}>
      {why ? (
        <>
          <Head title={t("restrictions")} />
          <Failed why={why} again={() => again(turn + 1)} />
        </>
      ) : answer ? (
        <Answered extract={answer.extract} place={answer.place} />
      ) : (
        <>
          <Head title={asked?.label ?? t("restrictions")} sub={t("asking")} />
          <Loading />
        </>
      )}
    </aside>
  );
}

function Head({ title, sub, figure, unit }: { title: string; sub?: string; figure?: string; unit?: string }) {
  return (
    <div class="row xp-t">
      <div class="grow">
        <h1>{title}</h1>
        {sub && <p class="muted">{sub}</p>}
      </div>
      {figure && <p class="num"><b class="big-n">{figure}</b> <span class="unit">{unit}</span></p>}
      <button type="button" class="icon-btn sm" aria-label={t("close")} onClick={() => (place.value = null)}><Icon name="close" /></button>
    </div>
  );
}

function Answered({ extract, place: asked }: { extract: Extract; place: Place }) {
  const rows = extract.restrictions.features.map((feature) => feature.properties);
  const of = (answer: Answer) => rows.filter((row) => row.answer === answer);
  const square = surface(asked.geometry);
  const point = asked.geometry.type === "Point";
  const size = square ? area(shareOf(rows) ?? square) : null;
  const [x = 0, y = 0] = point ? (asked.geometry as GeoJSON.Point).coordinates : [];
  const sub = asked.layer ? nameOf(asked.layer) : point ? degrees(y, x) : t("corners", { n: Math.max(0, ((asked.geometry as GeoJSON.Polygon).coordinates[0]?.length ?? 1) - 1) });
  return (
    <>
      <header class="xp-h">
        <Head title={asked.label ?? t(point ? "point" : "drawnArea")} sub={sub} {...(size ? size : {})} />
        <ul class="four" aria-label={t("fourAnswers")}>
          {ANSWERS.map(([answer, word, , look]) => (
            <li class={look} key={answer}><AnswerMark answer={answer} /><b>{of(answer).length}</b><span>{t(word)}</span></li>
          ))}
        </ul>
      </header>
      <div class="xp-b" tabIndex={0} role="region" aria-label={extract.answer}>
        <section class="sec-present">
          <Title answer="present" word="present" help="presentHelp" />
          {of("present").length === 0 ? <p class="small muted">{t("reallyNone")}</p> : (
            <ul>{of("present").sort((a, b) => b.share - a.share).map((row) => <Present key={row.layer} row={row} point={point} />)}</ul>
          )}
        </section>
        {of("not_covered").length > 0 && (
          <section class="sec-nc">
            <Title answer="not_covered" word="notCovered" help="notCoveredHelp" />
            <ul class="lines">{of("not_covered").map((row) => <li key={row.layer}><b>{titleOf(row)}</b><span>{t("coverageLess", { who: steward(row.department) })}</span></li>)}</ul>
          </section>
        )}
        {of("failed").length > 0 && (
          <section class="sec-failed">
            <Title answer="failed" word="failed" help="failedHelp" />
            <ul class="lines">
              {of("failed").map((row) => (
                <li key={row.layer}>
                  <b class="row"><AnswerMark answer={withheld(row) ? "withheld" : "failed"} />{titleOf(row)}</b>
                  <span>{withheld(row) ? t("withheldBy", { who: steward(row.department) }) : sentence(row.error ?? "")}</span>
                </li>
              ))}
            </ul>
          </section>
        )}
        {of("absent").length > 0 && (
          <section>
            <Title answer="absent" word="absent" help="absentHelp" />
            <ul class="plain">{of("absent").map((row) => <li key={row.layer}>{titleOf(row)} <span>{day(row.version)}</span></li>)}</ul>
          </section>
        )}
      </div>
      <footer class="xp-f">
        <span class="faint small">
          {t("themesChecked", { n: rows.length })}
          <br />
          {new Date().toLocaleString({ en: "en-GB", zh: "zh-CN", ru: "ru-RU" }[language.value], { dateStyle: "medium", timeStyle: "short" })}
        </span>
        <span class="row">
          <a class="btn" href={api.download(extract.job, "restrictions", "gpkg")} download><Icon name="download" />GeoPackage</a>
          <button type="button" class="btn primary" onClick={() => print()}><Icon name="page" />{t("exportPdf")}</button>
        </span>
      </footer>
    </>
  );
}

function Title({ answer, word, help }: { answer: Answer; word: Word; help: Word }) {
  return <h2 class="ans"><AnswerMark answer={answer} />{t(word)} <span class="faint">{t(help)}</span></h2>;
}

/** The classes of a restriction in the words of its layer's codes. */
function useCodes(row: Restriction): string {
  const [card, set] = useState<Card | null>(null);
  useEffect(() => {
    if (row.values && byId.value.get(row.layer)?.status !== "withheld") cardOf(row.layer).then(set, () => set(null));
  }, [row]);
  if (!row.values) return "";
  const codes = Object.values(card?.fields ?? {}).flatMap((field) => (field.codes ? [field.codes as Record<string, unknown>] : []));
  const worded = row.values.split("; ").map((value) => {
    const code = codes.find((each) => value in each)?.[value] as { title?: string } | undefined;
    return code ? say(code.title ?? (code as string)) : value;
  });
  return worded.join(", ");
}

function Present({ row, point }: { row: Restriction; point: boolean }) {
  const law = row.law_status ? LAW[row.law_status] : undefined;
  const classes = useCodes(row);
  const size = row.area_m2 > 0 ? area(row.area_m2) : row.length_m > 0 ? length(row.length_m) : null;
  return (
    <li class="res">
      <div class="row between"><b>{titleOf(row)}</b>{law && <span class={`badge ${law[1]}`}>{t(law[0])}</span>}</div>
      {size && !point && (
        <div class="res-m">
          <span class="nowrap"><b>{size.figure}</b> <span class="unit">{size.unit}</span></span>
          <span class="bar" aria-hidden="true"><i style={{ width: `${Math.min(100, row.share * 100)}%` }} /></span>
          <span class="nowrap"><b>{percent(row.share)}</b> <span class="unit">{t("ofPlace")}</span></span>
        </div>
      )}
      {classes && <p class="small muted">{classes}</p>}
      {row.below_threshold && <p class="small warn-t">{t("belowThreshold")}</p>}
      {row.not_covered_m2 > 0 && <p class="small nc-line">{t("partCovered", { a: join(area(row.not_covered_m2)) })}</p>}
      <div class="row between small">
        <span class="faint nowrap">{steward(row.department)}{row.valid_from ? ` · ${t("since", { d: day(row.valid_from) })}` : ""}</span>
        <span class="row faint doc" title={row.documents ?? ""}><Icon name="page" small /><span class="trunc">{row.documents ?? t("noDocument")}</span></span>
      </div>
    </li>
  );
}

