// One scenario: its steps as a chain, run over the whole workspace, the answer of each, its layers on the map.

import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../format";
import type { Pane } from "../map/pane";
import { styleOf } from "../map/styles";
import { MapView } from "../map/view";
import { Legend, nameOf, useStyle } from "../one-map/bench";
import { drawable } from "../one-map/catalogue";
import { Icon } from "../parts/icons";
import { Loading, Message } from "../parts/states";
import { active, byId, go, jobId, scenarioId, scenarios, territory, theme, type Active, type PageName } from "../state";
import type { Scenario, StepFrame } from "../types";
import { say, t } from "../words";
import { AnswerPanel } from "./answer";
import { Chain } from "./chain";
import { daysWord } from "./list";
import { begin, forget, resume, running, stop } from "./run";

export function ScenarioPage() {
  const scenario = scenarios.value.find((each) => each.id === scenarioId.value);
  if (!scenario)
    return (
      <main id="main" tabIndex={-1} class="p-fail">
        {scenarios.value.length === 0 ? <Loading /> : (
          <Message icon="search" title={t("noScenario", { id: scenarioId.value ?? "" })}>
            <p class="small muted">{t("noScenarioHelp")}</p>
            <button type="button" class="btn sm" onClick={() => go("integration")}>{t("scenarios")}</button>
          </Message>
        )}
      </main>
    );
  return <Opened scenario={scenario} />;
}

function Opened({ scenario }: { scenario: Scenario }) {
  const pane = useRef<Pane | null>(null);
  const chain = useRef<HTMLDivElement>(null);
  const [shown, show] = useState<string[]>([]);
  useEffect(() => {
    forget();
    if (jobId.value) void resume(jobId.value);
    return forget;
  }, [scenario.id]);
  const { results } = running.value;
  useEffect(() => {
    chain.current?.scrollTo(0, 0);
    const drawn = results ? results.draws.map((name) => (results[name] as StepFrame).collection) : [];
    show(drawn);
    const first = drawn[0];
    if (first) void styleOf(first, theme.value).then((style) => style.source.bounds && pane.current?.fit(style.source.bounds), () => undefined);
  }, [results]);
  const layers: Active[] = results ? shown.map((id) => ({ id, opacity: 1, hidden: false })) : asked(scenario);
  const key = layers.map((each) => each.id).join();
  const [stable, settle] = useState<Active[]>(layers);
  useEffect(() => settle(layers), [key]);
  const toggle = (id: string) => show(shown.includes(id) ? shown.filter((each) => each !== id) : [id, ...shown]);
  return (
    <main id="main" tabIndex={-1} class="p-scn">
      <section class="tp" aria-label={say(scenario.title)}>
        <Head scenario={scenario} />
        <div class="tp-b" ref={chain} tabIndex={0} role="region" aria-label={t("steps")}>
          <Chain scenario={scenario} results={results} now={now()} shown={shown} toggle={toggle} />
        </div>
        <div class="tp-f">
          <Progress scenario={scenario} />
          <button type="button" class="btn primary" disabled={running.value.busy} onClick={() => void begin(scenario.id)}>
            <Icon name="play" />{t(results ? "runAgain" : "runScenario")}
          </button>
        </div>
      </section>
      <div class="tw-r">
        <MapView tools={["identify", "measure"]} layers={stable} ready={(made) => (pane.current = made)}>
          {results && shown.length > 0 && <Legends ids={shown} />}
        </MapView>
        <AnswerPanel scenario={scenario} keep={shown.length ? () => keepAll(shown) : null} />
      </div>
    </main>
  );
}

/** The step that runs, from 0; null while none does. */
const now = (): number | null => (running.value.busy ? (running.value.job?.step?.number ?? 1) - 1 : null);

/** The layers that the steps ask and that may be seen, faint: where the answer will lie. */
function asked(scenario: Scenario): Active[] {
  const named = [...new Set(scenario.steps.flatMap((step) => step.layers))];
  const seen = named.filter((id) => { const layer = byId.value.get(id); return layer !== undefined && drawable(layer) && layer.kind !== "Raster"; });
  return seen.slice(0, 2).map((id) => ({ id, opacity: 0.45, hidden: false }));
}

function keepAll(ids: string[]): void {
  active.value = [...ids.map((id) => ({ id, opacity: 1, hidden: false })), ...active.value.filter((each) => !ids.includes(each.id))];
  go("map");
}

function Head({ scenario }: { scenario: Scenario }) {
  const home = scenario.application as PageName;
  const title = territory.value?.applications.find((each) => each.id === home)?.title;
  return (
    <div class="tp-h">
      <a class="row small" href={`#/${home}`} onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); go(home); }}>
        <Icon name="left" small />{say(title)}
      </a>
      <h1>{say(scenario.title)}</h1>
      <p class="muted">{say(scenario.question)}</p>
      <p class="row wrapped small muted sh-f">
        <span>{t("stepsCount", { n: scenario.steps.length })}</span>
        <span>{t("departmentsCount", { n: scenario.departments.length })}</span>
        <span>{daysWord(scenario.days)}</span>
      </p>
      {scenario.about && (
        <details class="small muted">
          <summary>{t("howItGoes")}</summary>
          <p>{say(scenario.about)}</p>
          {scenario.cites.length > 0 && <p class="faint">{t("basis")}: {scenario.cites.join("; ")}</p>}
        </details>
      )}
    </div>
  );
}

function Legends({ ids }: { ids: string[] }) {
  return (
    <div class="mini float tr" tabIndex={0} role="region" aria-label={t("onTheMap")}>
      {ids.slice(0, 4).map((id) => <OneLegend id={id} key={id} />)}
    </div>
  );
}

function OneLegend({ id }: { id: string }) {
  const { style } = useStyle(id);
  return (
    <div class="mini-l">
      <b class="small">{nameOf(id)}</b>
      {style && <Legend style={style} most={6} />}
    </div>
  );
}

function Progress({ scenario }: { scenario: Scenario }) {
  const { job, busy } = running.value;
  if (!busy) return job?.status === "dismissed" ? <p class="small muted" role="status">{t("cancelled")}</p> : null;
  const share = job?.progress ?? 0;
  const step = job?.step;
  const title = say(scenario.steps.find((each) => each.id === step?.id)?.title);
  return (
    <div class="job" role="status">
      <div class="row between">
        <b class="trunc">{step ? t("stepNow", { m: step.number, n: step.of }) : t("waiting")}</b>
        <span class="row"><b>{number(share)} %</b><button type="button" class="btn sm" disabled={!job} onClick={() => void stop()}>{t("cancel")}</button></span>
      </div>
      <div class="prog" role="progressbar" aria-label={t("run")} aria-valuenow={share} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${Math.max(2, share)}%` }} /></div>
      {title && <p class="small muted trunc">{title}</p>}
    </div>
  );
}
