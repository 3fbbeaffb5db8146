// A page for each application: key figures, its tools by state, its answers, what to beware of.

import { number } from "../format";
import { nameOf } from "../one-map/bench";
import { Icon, type IconName } from "../parts/icons";
import { Loading, Message } from "../parts/states";
import { ScenarioList, scenariosOf } from "../scenario/list";
import { byId, go, layers, scenarios, territory, tools } from "../state";
import { answers, type Kept } from "../tool/run";
import type { Layer, Tool } from "../types";
import { language } from "../state";
import { say, t } from "../words";

const usedBy = (tool: Tool): string[] => Object.values(tool.layers).flat();
const blocked = (tool: Tool): boolean => Object.keys(tool.withheld).length > 0;

export function ApplicationPage({ name }: { name: string }) {
  const own = tools.value.filter((tool) => tool.application === name);
  const base = tools.value.filter((tool) => tool.application === "foundation");
  const title = territory.value?.applications.find((each) => each.id === name)?.title;
  const used = [...new Set(own.flatMap(usedBy))].flatMap((id) => byId.value.get(id) ?? []);
  const flows = scenariosOf(name);
  const kept = answers().filter((each) => [...own, ...flows].some((one) => one.id === each.tool));
  const chinese = title && typeof title === "object" && language.value !== "zh" ? title.zh : null;
  return (
    <main id="main" tabIndex={-1} class="p-app">
      <div class="wrap">
        <div class="ah">
          <div>
            <h1>{say(title)}{chinese && <span class="zh" lang="zh">{chinese}</span>}</h1>
            <p class="muted">{say(territory.value?.title)} · {t("layersOf", { m: used.length, n: layers.value.length })}</p>
          </div>
        </div>
        {tools.value.length === 0 ? <Loading /> : (
          <>
            <KeyFigures own={own} used={used} kept={kept} />
            {flows.length > 0 && (
              <section class="card a-flows">
                <div class="ph row between"><h2>{t("scenarios")}</h2><span class="small faint">{t("scenariosHelp")}</span></div>
                <ScenarioList list={flows} />
              </section>
            )}
            <div class="ag">
              <section class="card a-tools">
                <div class="ph"><h2>{t("tools")}</h2></div>
                {own.length ? <ToolList list={own} /> : <Message icon="info" title={t("noTools")}><p class="small muted">{t("noToolsHelp")}</p></Message>}
                {name !== "foundation" && base.length > 0 && (
                  <>
                    <div class="ph"><h3>{t("foundation")}</h3></div>
                    <ToolList list={base} />
                  </>
                )}
              </section>
              <div class="a-side">
                <section class="card"><div class="ph"><h2>{t("results")}</h2></div><Answers kept={kept} /></section>
                <section class="card"><div class="ph row between"><h2>{t("warnings")}</h2></div><Warnings used={used} /></section>
              </div>
            </div>
          </>
        )}
      </div>
    </main>
  );
}

function KeyFigures({ own, used, kept }: { own: Tool[]; used: Layer[]; kept: Kept[] }) {
  const ready = own.filter((tool) => !blocked(tool)).length;
  const asked = used.filter((layer) => layer.status === "withheld").length;
  const open = used.filter((layer) => layer.sharing === "open" && layer.status !== "not-bound").length;
  const part = used.filter((layer) => layer.coverage === "partial").length;
  const cells: [string, number, string, string][] = [
    [t("toolsReady"), ready, t("ofN", { n: own.length }), own.length > ready ? t("needsLayer") : ""],
    [t("layersOpen"), open, t("ofN", { n: used.length }), ""],
    [t("layersAsk"), asked, "", ""],
    [t("coverageWord"), part, t("partial"), part ? t("partialHelp") : t("whole")],
    [t("answersKept"), kept.length, "", kept[0] ? kept[0].at.slice(0, 10) : ""],
  ];
  return (
    <dl class="card kfs">
      {cells.map(([name, value, of, note]) => (
        <div class="kf" key={name}>
          <dt class="muted small">{name}</dt>
          <dd class="kv-n"><b>{number(value)}</b> <span class="unit">{of}</span></dd>
          <dd class="small faint">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

export function ApplicationTools({ name }: { name: string }) {
  const own = tools.value.filter((tool) => tool.application === name);
  return (
    <>
      <h2>{t("tools")}</h2>
      <ToolList list={own} />
    </>
  );
}

export function ApplicationScenarios({ name }: { name: string }) {
  const flows = scenariosOf(name);
  if (!flows.length) return null;
  return (
    <>
      <h2>{t("scenarios")}</h2>
      <ScenarioList list={flows} />
    </>
  );
}

function ToolList({ list }: { list: Tool[] }) {
  return (
    <ul class="tl-list">
      {list.map((tool) => (
        <li key={tool.id}>
          <a class="tl-row" href={`#/tool/${tool.id}`} onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); go("tool", tool.id); }}>
            <span class="grow">
              <b>{say(tool.title)}</b>
              <span class="small muted">{say(tool.question)}</span>
            </span>
            {blocked(tool) ? <span class="badge warn"><Icon name="lock" small />{t("needsLayer")}</span> : <span class="badge ok">{t("ready")}</span>}
            <Icon name="right" small />
          </a>
        </li>
      ))}
    </ul>
  );
}

const isScenario = (id: string): boolean => scenarios.value.some((each) => each.id === id);
const titleOf = (id: string): string => say([...tools.value, ...scenarios.value].find((each) => each.id === id)?.title) || id;

function Answers({ kept }: { kept: Kept[] }) {
  if (!kept.length) return <Message icon="layers" title={t("noResults")}><p class="small muted">{t("noResultsHelp")}</p></Message>;
  return (
    <ul>
      {kept.slice(0, 8).map((each) => (
        <li class="wn" key={each.job}>
          <span class="wi"><Icon name="check" /></span>
          <div class="grow">
            <b>{titleOf(each.tool)}</b>
            <div class="small muted">{each.answer}</div>
          </div>
          <a class="small" href={`#/${isScenario(each.tool) ? "scenario" : "tool"}/${each.tool}?job=${each.job}`}>{t("askTool")}</a>
        </li>
      ))}
    </ul>
  );
}

function Warnings({ used }: { used: Layer[] }) {
  const rows: [string, IconName, string, string, string][] = used.flatMap((layer): [string, IconName, string, string, string][] => {
    const name = nameOf(layer.id);
    const who = say(territory.value?.stewards[layer.steward]?.title);
    if (layer.status === "withheld") return [[layer.id, "lock", "warn", t("withheldWarning", { layer: name }), t("noRight", { who })]];
    if (layer.coverage === "partial") return [[layer.id, "info", "", t("partialWarning", { layer: name }), t("partialHelp")]];
    return [];
  });
  if (!rows.length) return <Message icon="check" title={t("noWarnings")} />;
  return (
    <ul>
      {rows.slice(0, 8).map(([id, icon, tone, title, note]) => (
        <li class="wn" key={id}>
          <span class={`wi ${tone}`}><Icon name={icon} /></span>
          <div class="grow"><b>{title}</b><div class="small muted">{note}</div></div>
          <a class="small" href={`#/map?card=${id}`}>{t("cardOf")}</a>
        </li>
      ))}
    </ul>
  );
}

