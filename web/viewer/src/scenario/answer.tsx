// The scenario's answer: its sentence, what it ends in and who signs, the report, everything to take away.

import * as api from "../api";
import { number } from "../format";
import { Icon } from "../parts/icons";
import { Failed, Loading, Message } from "../parts/states";
import { language } from "../state";
import type { Scenario, ScenarioResults } from "../types";
import { say, t } from "../words";
import { Became } from "./chain";
import { Dep, departmentOf } from "./departments";
import { begin, drawnFrames, running } from "./run";

export function AnswerPanel({ scenario, keep }: { scenario: Scenario; keep: (() => void) | null }) {
  const { results, why, busy } = running.value;
  return (
    <section class="rp sa" aria-label={t("result")} tabIndex={0}>
      {results ? <Answered scenario={scenario} results={results} keep={keep} /> : (
        <div class="sa-g">
          <div class="sa-m">
            {why ? <Failed why={why} again={() => void begin(scenario.id)} /> : busy ? <Loading /> : (
              <Message icon="play" title={t("notRunYet")}><p class="small muted">{t("notRunYetHelp")}</p></Message>
            )}
          </div>
          <div class="sa-p"><Ends scenario={scenario} /></div>
        </div>
      )}
    </section>
  );
}

function Answered({ scenario, results, keep }: { scenario: Scenario; results: ScenarioResults; keep: (() => void) | null }) {
  const main = scenario.steps.find((step) => step.id === scenario.shows);
  const told = results.steps.find((step) => step.id === scenario.shows);
  const lost = results.steps.filter((step) => step.status === "failed" || step.status === "skipped");
  const asked = scenario.steps.filter((step) => step.decision && results.steps.some((each) => each.id === step.id && (each.status === "proposed" || each.status === "done")));
  const drawn = results.steps.some((step) => drawnFrames(results, step).length > 0);
  const file = (name: string, form: string) => `${api.download(results.job, name, form)}&lang=${language.value}`;
  return (
    <div class="sa-g">
      <div class="sa-a">
        <div class="row wrapped">
          <h2>{t("answer")}</h2>
          {lost.length === 0 ? <span class="badge ok"><Icon name="check" small />{t("allAnswered")}</span> : (
            <span class="badge warn"><Icon name="warning" small />{t("partlyAnswered", { m: lost.length, n: results.steps.length })}</span>
          )}
          <span class="faint small">{number(results.seconds, 1)} s</span>
        </div>
        {main && told && !told.answer ? <Became scenario={scenario} step={main} result={told} /> : <p class="sa-s">{say(results.answers)}</p>}
        {asked.length > 0 && (
          <p class="small muted">{t("waitsFor", { n: asked.length })} <span class="row-i">{[...new Set(asked.map((step) => step.department))].map((code) => <Dep code={code} key={code} />)}</span></p>
        )}
        {keep && <button type="button" class="btn sm" onClick={keep}><Icon name="layers" small />{t("keepLayers")}</button>}
      </div>
      <div class="sa-p">
        <Ends scenario={scenario} />
        <a class="btn primary sm" target="_blank" rel="noopener" href={file("report", "html")}><Icon name="page" small />{t("openReport")}</a>
        <div class="row wrapped dl" role="group" aria-label={t("download")}>
          {results.pdf.includes(language.value) && <a class="chip" download href={file("report", "pdf")}>PDF</a>}
          <a class="chip" download href={file("workbook", "xlsx")}>xlsx</a>
          {drawn && <a class="chip" download href={file("layers", "gpkg")}>GPKG</a>}
          {drawn && <a class="chip" download href={file("map", "html")}>{t("mapFile")}</a>}
        </div>
      </div>
    </div>
  );
}

/** What the scenario ends in. */
function Ends({ scenario }: { scenario: Scenario }) {
  return (
    <div class="ends">
      <span class="faint small">{t("deliverable")}</span>
      <b>{say(scenario.deliverable.title)}</b>
      <span class="faint small">{t("signedBy")}</span>
      <ul class="small">
        {scenario.deliverable.signatures.map((code) => <li class="row" key={code}><Dep code={code} />{departmentOf(code)}</li>)}
      </ul>
    </div>
  );
}
