// The workbench: active layers in their order, each with opacity and its legend in words.

import { signal, useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { area, join, length, number } from "../format";
import { leftOut } from "../map/tiles";
import { Swatch } from "../map/swatch";
import { styleOf } from "../map/styles";
import { Icon } from "../parts/icons";
import { active, byId, own, swipe, theme, type Active } from "../state";
import type { Bounds, LayerStyle, LegendEntry } from "../types";
import { say, t } from "../words";
import { FilterForm } from "./filter";

const folded = signal(false);
const ENTRIES = 6;

export const nameOf = (id: string): string => say(byId.value.get(id)?.title ?? own.value[id]) || id;

function change(id: string, to: Partial<Active>): void {
  active.value = active.value.map((each) => (each.id === id ? { ...each, ...to } : each));
}

function move(id: string, by: number): void {
  const list = [...active.value];
  const from = list.findIndex((each) => each.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= list.length) return;
  const [taken] = list.splice(from, 1);
  list.splice(to, 0, taken!);
  active.value = list;
}

/** Say how much of the layer a class is. */
function amount(entry: LegendEntry): string {
  if (entry.area_m2) return join(area(entry.area_m2));
  if (entry.length_m) return join(length(entry.length_m));
  return entry.count ? number(entry.count) : "";
}

export function Legend({ style, most = ENTRIES }: { style: LayerStyle; most?: number }) {
  const [all, showAll] = useState(false);
  const entries = all ? style.legend : style.legend.slice(0, most);
  const rest = style.legend.length - entries.length;
  return (
    <>
      {style.legend.length > 1 && style.fieldTitle && <p class="legend-h">{[say(style.fieldTitle), style.unit].filter(Boolean).join(", ")}</p>}
      <ul class="legend">
        {entries.map((entry) => (
          <li key={entry.key}>
            <Swatch entry={entry} shape={style.shape} images={style.images} />
            <span>
              {say(entry.title)}
              {entry.note && <em> {say(entry.note)}</em>}
            </span>
            <span class="legend-n">{amount(entry)}</span>
          </li>
        ))}
      </ul>
      {(rest > 0 || all) && style.legend.length > most && (
        <button type="button" class="linkish" onClick={() => showAll(!all)}>
          {all ? t("less") : t("more", { n: rest })}
        </button>
      )}
    </>
  );
}

export function useStyle(id: string): { style: LayerStyle | null; why: string | null } {
  const [state, set] = useState<{ style: LayerStyle | null; why: string | null }>({ style: null, why: null });
  const dark = theme.value;
  useEffect(() => {
    let current = true;
    styleOf(id, dark).then((style) => current && set({ style, why: null }), (error: Error) => current && set({ style: null, why: error.message }));
    return () => {
      current = false;
    };
  }, [id, dark]);
  return state;
}

function narrowed({ where: _, ...rest }: Active, where: string | undefined): Active {
  return where === undefined ? rest : { ...rest, where };
}

function sided({ side: _, ...rest }: Active, side: Active["side"]): Active {
  return side === undefined ? rest : { ...rest, side };
}

function Row({ each, fit }: { each: Active; fit: (bounds: Bounds) => void }) {
  const name = nameOf(each.id);
  const { style, why } = useStyle(each.id);
  const dragged = useSignal(false);
  const asking = useSignal(each.where !== undefined);
  return (
    <li class={each.hidden ? "lay off" : "lay"} data-layer={each.id}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        const from = event.dataTransfer?.getData("text/layer");
        if (!from || from === each.id) return;
        const places = active.value.map((one) => one.id);
        move(from, places.indexOf(each.id) - places.indexOf(from));
      }}>
      <button type="button" class="grip" draggable aria-label={t("move", { name })} title={t("move", { name })}
        onDragStart={(event) => { dragged.value = true; event.dataTransfer?.setData("text/layer", each.id); }}
        onDragEnd={() => (dragged.value = false)}
        onKeyDown={(event) => {
          const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
          if (!by) return;
          event.preventDefault();
          const grip = event.currentTarget;
          move(each.id, by);
          requestAnimationFrame(() => grip.focus());
        }}>
        <Icon name="grip" />
      </button>
      <span class="lay-name">{name}</span>
      <span class="lay-act">
        {style?.source.type === "vector" && (
          <button type="button" class="icon-btn sm" aria-label={t("filterOf", { name })} title={t("filterOf", { name })} aria-expanded={asking.value} aria-pressed={each.where !== undefined}
            onClick={() => { asking.value = !asking.value; if (each.hidden) change(each.id, { hidden: false }); }}>
            <Icon name="filter" />
          </button>
        )}
        {style?.source.bounds && (
          <button type="button" class="icon-btn sm" aria-label={t("zoomTo", { name })} title={t("zoomTo", { name })} onClick={() => fit(style.source.bounds!)}>
            <Icon name="zoom" />
          </button>
        )}
        <button type="button" class="icon-btn sm" aria-label={t(each.hidden ? "show" : "hide", { name })} aria-pressed={!each.hidden} title={t(each.hidden ? "show" : "hide", { name })} onClick={() => change(each.id, { hidden: !each.hidden })}>
          <Icon name={each.hidden ? "eyeOff" : "eye"} />
        </button>
        <button type="button" class="icon-btn sm" aria-label={t("remove", { name })} title={t("remove", { name })} onClick={() => (active.value = active.value.filter((one) => one.id !== each.id))}>
          <Icon name="close" />
        </button>
      </span>
      {!each.hidden && (
        <div class="lay-body">
          {why ? <p class="small bad-t" role="alert">{why}</p> : style && <Legend style={style} />}
          {asking.value && <FilterForm id={each.id} where={each.where} change={(where) => { active.value = active.value.map((one) => (one.id === each.id ? narrowed(one, where) : one)); }} />}
          {swipe.value !== null && (
            <div class="seg sides" role="group" aria-label={t("sideWord", { name })}>
              {([["left", "leftSide"], [undefined, "bothSides"], ["right", "rightSide"]] as const).map(([side, word]) => (
                <button type="button" key={word} aria-pressed={each.side === side} onClick={() => { active.value = active.value.map((one) => (one.id === each.id ? sided(one, side) : one)); }}>{t(word)}</button>
              ))}
            </div>
          )}
          {leftOut.value.has(each.id) && <p class="small nc-line" role="status">{t("notAllDrawn")}</p>}
          <label class="range">
            <input type="range" min="0" max="100" value={Math.round(each.opacity * 100)} style={{ "--v": `${Math.round(each.opacity * 100)}%` }} aria-label={t("opacity", { name })}
              onInput={(event) => change(each.id, { opacity: Number(event.currentTarget.value) / 100 })} />
            <output>{Math.round(each.opacity * 100)} %</output>
          </label>
        </div>
      )}
    </li>
  );
}

export function Bench({ fit }: { fit: (bounds: Bounds) => void }) {
  const list = active.value;
  return (
    <section class="bench float" aria-label={t("activeLayers")}>
      <div class="panel-h">
        <h2>{t("activeLayers")}</h2>
        <span class="row">
          {list.length > 0 && <span class="faint small">{t("shownOf", { m: list.filter((each) => !each.hidden).length, n: list.length })}</span>}
          <button type="button" class="icon-btn sm" aria-expanded={!folded.value} aria-label={t(folded.value ? "unfold" : "fold")} onClick={() => (folded.value = !folded.value)}>
            <Icon name={folded.value ? "plus" : "minus"} />
          </button>
        </span>
      </div>
      {!folded.value && (list.length ? (
        <ul tabIndex={0} aria-label={t("activeLayers")}>
          {list.map((each) => <Row key={each.id} each={each} fit={fit} />)}
        </ul>
      ) : (
        <div class="stx">
          <b>{t("nothingActive")}</b>
          <p class="small muted">{t("nothingActiveHelp")}</p>
        </div>
      ))}
    </section>
  );
}
