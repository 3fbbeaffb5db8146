// The steps of a scenario as a chain: department, tool, decision; and what became of each.

import { useEffect, useRef } from "preact/hooks";
import { number } from "../format";
import { nameOf } from "../one-map/bench";
import { Icon } from "../parts/icons";
import { sentence } from "../parts/states";
import { go, tools } from "../state";
import type { Decision, Scenario, ScenarioResults, ScenarioStep, StepResult } from "../types";
import { say, t } from "../words";
import { Dep, departmentOf } from "./departments";
import { daysWord } from "./list";
import { drawnFrames } from "./run";

export type State = "waiting" | "passed" | "running" | "withheld" | StepResult["status"];

interface Shown {
  shown: string[];
  toggle: (collection: string) => void;
}

export function Chain({ scenario, results, now, shown, toggle }: { scenario: Scenario; results: ScenarioResults | null; now: number | null } & Shown) {
  return (
    <ol class="chain">
      {scenario.steps.map((step, i) => {
        const result = results?.steps.find((each) => each.id === step.id) ?? null;
        const state: State = result ? (result.withheld ? "withheld" : result.status) : now === null ? "waiting" : i < now ? "passed" : i === now ? "running" : "waiting";
        return <Step key={step.id} scenario={scenario} step={step} at={i + 1} state={state} result={result} results={results} shown={shown} toggle={toggle} />;
      })}
    </ol>
  );
}

function Step({ scenario, step, at, state, result, results, shown, toggle }: { scenario: Scenario; step: ScenarioStep; at: number; state: State; result: StepResult | null; results: ScenarioResults | null } & Shown) {
  const tool = tools.value.find((each) => each.id === step.tool);
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (state === "running") item.current?.scrollIntoView({ block: "nearest" });
  }, [state]);
  return (
    <li ref={item} class={`ch ch-${state}`} aria-current={state === "running" ? "step" : undefined}>
      <span class="ch-n"><Mark state={state} at={at} /></span>
      <div class="ch-b">
        <div class="row between ch-w">
          <span class="row"><Dep code={step.department} /><span class="muted small">{departmentOf(step.department)}</span></span>
          <span class="faint small nowrap">{daysWord(step.days)}</span>
        </div>
        <h3>{say(step.title)}</h3>
        <p class="ch-f small">
          {step.tool && (
            <a href={`#/tool/${step.tool}`} onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); go("tool", step.tool); }}>
              {say(tool?.title) || step.tool}
            </a>
          )}
          {step.tool && step.decision && <Icon name="right" small />}
          {step.decision && <span>{t("decidedByPeople")}</span>}
          {result?.status === "done" && <span class="faint">{number(result.seconds, 1)} s</span>}
        </p>
        {!result && Object.keys(step.withheld).map((id) => (
          <p class="note warn" key={id}><Icon name="lock" /><span>{t("stepNeeds", { layer: nameOf(id), who: say(step.withheld[id]) })}</span></p>
        ))}
        {result && <Became scenario={scenario} step={step} result={result} />}
        {step.decision && (state === "proposed" || state === "done") && <Asked decision={step.decision} />}
        {result && results && <Frames result={result} results={results} shown={shown} toggle={toggle} />}
        {step.basis.length > 0 && <p class="small faint">{t("basis")}: {step.basis.map(say).join("; ")}</p>}
      </div>
    </li>
  );
}

function Mark({ state, at }: { state: State; at: number }) {
  if (state === "done" || state === "passed") return <><Icon name="check" small /><span class="sr">{t(state === "done" ? "stepDone" : "stepPassed")}</span></>;
  if (state === "withheld") return <><Icon name="lock" small /><span class="sr">{t("stepFailed")}</span></>;
  if (state === "failed") return <><Icon name="warning" small /><span class="sr">{t("stepFailed")}</span></>;
  if (state === "skipped") return <><Icon name="minus" small /><span class="sr">{t("stepSkipped")}</span></>;
  return <>{at}</>;
}

/** The answer of a step, or why there is none. */
export function Became({ scenario, step, result }: { scenario: Scenario; step: ScenarioStep; result: StepResult }) {
  if (result.answer) return <p class="ch-a">{say(result.answer)}</p>;
  if (result.withheld) return <p class="note warn"><Icon name="lock" /><span>{t("stepWithheld", { layer: nameOf(result.withheld.layer), who: say(result.withheld.department) })}</span></p>;
  if (result.status === "skipped") {
    const before = scenario.steps.filter((each) => step.after.includes(each.id)).map((each) => `“${say(each.title)}”`);
    return <p class="note"><Icon name="info" /><span>{t("notBegun", { steps: before.join(", ") })}</span></p>;
  }
  if (result.error) return <p class="note bad" role="alert"><Icon name="warning" /><span>{sentence(result.error)}</span></p>;
  return null;
}

/** What people are asked; nothing is decided by a run. */
function Asked({ decision }: { decision: Decision }) {
  return (
    <div class="ask">
      <b class="small">{t("toDecide")}</b>
      <p>{say(decision.asked)}</p>
      {decision.proposal && <p class="small muted">{t("proposal")}: {say(decision.proposal)}</p>}
      <ul class="row wrapped" aria-label={t("choices")}>
        {decision.choices.map((choice) => <li class="badge line" key={choice.id}>{say(choice.title)}</li>)}
      </ul>
    </div>
  );
}

function Frames({ result, results, shown, toggle }: { result: StepResult; results: ScenarioResults } & Shown) {
  const frames = drawnFrames(results, result);
  if (!frames.length) return null;
  return (
    <div class="row wrapped" role="group" aria-label={t("onTheMap")}>
      {frames.map(({ name, frame }) => {
        const on = shown.includes(frame.collection);
        return (
          <button type="button" class="chip" key={name} aria-pressed={on} onClick={() => toggle(frame.collection)}>
            <Icon name={on ? "eye" : "eyeOff"} small />{name.endsWith(".result") ? t("mapFile") : say(frame.titles)}
            {frame.rows !== undefined && <span class="count">{number(frame.rows)}</span>}
          </button>
        );
      })}
    </div>
  );
}
