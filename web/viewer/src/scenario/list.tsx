// The scenarios of an application: what each asks, who acts in which order, in how many days.

import { Icon } from "../parts/icons";
import { go, scenarios } from "../state";
import type { Scenario } from "../types";
import { say, t } from "../words";
import { Dep } from "./departments";

export const scenariosOf = (application: string): Scenario[] => scenarios.value.filter((each) => each.application === application);

export const daysWord = (days: number): string => (days ? t(days === 1 ? "workingDay" : "workingDays", { n: days }) : t("atOnce"));

export function ScenarioList({ list }: { list: Scenario[] }) {
  return (
    <ul class="sl">
      {list.map((each) => <li key={each.id}><Row scenario={each} /></li>)}
    </ul>
  );
}

function Row({ scenario }: { scenario: Scenario }) {
  const withheld = scenario.steps.some((step) => Object.keys(step.withheld).length > 0);
  return (
    <a class="sl-row" href={`#/scenario/${scenario.id}`} onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); go("scenario", scenario.id); }}>
      <span class="sl-t">
        <b>{say(scenario.title)}</b>
        <span class="small muted">{say(scenario.question)}</span>
      </span>
      <span class="steps" role="group" aria-label={t("stepsByDepartment")}>
        {scenario.steps.map((step) => <span class="st" key={step.id}><Dep code={step.department} /></span>)}
      </span>
      <span class="sl-d small">
        <span class="muted nowrap">{daysWord(scenario.days)}</span>
        {withheld && <span class="badge warn"><Icon name="lock" small />{t("needsLayer")}</span>}
      </span>
      <Icon name="right" small />
    </a>
  );
}
