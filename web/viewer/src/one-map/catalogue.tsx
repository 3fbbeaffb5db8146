// The catalogue: what is known of the territory, by space, searched and narrowed.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icons";
import { Message } from "../parts/states";
import { active, cardOpen, facets, layers, query, territory } from "../state";
import type { Layer } from "../types";
import { say, t } from "../words";
import { found, suggestion } from "./search";

const SPACES = ["natural", "artificial", "planned"] as const;
const closed = signal<ReadonlySet<string>>(new Set());
/** Rows drawn at once; a longer list grows as it is scrolled. */
const SHOWN = 120;
const shown = signal(SHOWN);

export function toggleLayer(id: string): void {
  active.value = active.value.some((each) => each.id === id) ? active.value.filter((each) => each.id !== id) : [{ id, opacity: 1, hidden: false }, ...active.value];
}

export const drawable = (layer: Layer): boolean => layer.kind !== "Table" && layer.status !== "withheld" && layer.status !== "not-bound";

export function Badge({ layer }: { layer: Layer }) {
  if (layer.status === "not-bound") return <span class="badge">{t("notBound")}</span>;
  const tone = { open: "ok", conditional: "warn", restricted: "bad" }[layer.sharing];
  const word = { open: "open", conditional: "onRequest", restricted: "restricted" } as const;
  return <span class={`badge ${tone}`}>{t(word[layer.sharing])}</span>;
}

function Leaf({ layer }: { layer: Layer }) {
  const name = say(layer.title);
  const on = active.value.some((each) => each.id === layer.id);
  const id = `show-${layer.id}`;
  return (
    <li class={cardOpen.value === layer.id ? "leaf sel" : "leaf"}>
      <input id={id} type="checkbox" checked={on} disabled={!drawable(layer)} aria-label={t("show", { name })} onChange={() => toggleLayer(layer.id)} />
      <button type="button" class="name" title={t("about", { name })} onClick={() => (cardOpen.value = cardOpen.value === layer.id ? null : layer.id)}>
        {name}
      </button>
      <Badge layer={layer} />
      {layer.tier && (
        <span class="badge line tier" title={t("tierTitle", { t: layer.tier })}>
          {layer.tier}
        </span>
      )}
    </li>
  );
}

function fold(key: string): void {
  const next = new Set(closed.value);
  if (!next.delete(key)) next.add(key);
  closed.value = next;
}

function Heading({ id, title, count, sub }: { id: string; title: string; count: number; sub?: boolean }) {
  const open = !closed.value.has(id);
  return (
    <button type="button" class={sub ? "tree-h sub" : "tree-h"} aria-expanded={open} onClick={() => fold(id)}>
      <Icon name={open ? "down" : "right"} small />
      {title}
      <span class="count">{count}</span>
    </button>
  );
}

/** Within a space, layers stand under the folder of their card, else under their department. */
function groups(list: Layer[]): [string, string, Layer[]][] {
  const by = new Map<string, [string, Layer[]]>();
  for (const layer of list) {
    const folders = layer.id.split(".");
    const nested = folders.length > 2;
    const key = nested ? `${layer.space}/${folders[1]}` : `${layer.space}:${layer.steward}`;
    const title = nested ? (folders[1] ?? "").replaceAll("-", " ") : say(territory.value?.stewards[layer.steward]?.title) || layer.steward;
    const group = by.get(key) ?? [nested ? title.charAt(0).toUpperCase() + title.slice(1) : title, []];
    group[1].push(layer);
    by.set(key, group);
  }
  return [...by].map(([key, [title, own]]) => [key, title, own] as [string, string, Layer[]]).sort((a, b) => a[1].localeCompare(b[1]));
}

function Tree() {
  let room = shown.value;
  return (
    <>
      {SPACES.map((space) => {
        const own = found.value.filter((layer) => layer.space === space);
        if (!own.length) return null;
        return (
          <div key={space}>
            <Heading id={space} title={t(space)} count={own.length} />
            {!closed.value.has(space) &&
              groups(own).map(([key, title, list]) => {
                const part = closed.value.has(key) ? [] : list.slice(0, Math.max(0, room));
                room -= part.length;
                return (
                  <div key={key}>
                    <Heading id={key} title={title} count={list.length} sub />
                    {part.length > 0 && (
                      <ul>
                        {part.map((layer) => (
                          <Leaf key={layer.id} layer={layer} />
                        ))}
                      </ul>
                    )}
                  </div>
                );
              })}
          </div>
        );
      })}
    </>
  );
}

function choose(name: string, value: string): void {
  facets.value = { ...facets.value, [name]: facets.value[name] === value ? "" : value };
}

function Chip({ facet, value, children }: { facet: string; value: string; children: string }) {
  return (
    <button type="button" class="chip" aria-pressed={facets.value[facet] === value} onClick={() => choose(facet, value)}>
      {children}
    </button>
  );
}

function Facets() {
  const stewards = [...new Set(layers.value.map((layer) => layer.steward))]
    .map((key) => [key, say(territory.value?.stewards[key]?.title) || key] as const)
    .sort((a, b) => a[1].localeCompare(b[1]));
  return (
    <div class="facets" role="group" aria-label={t("filters")}>
      <Chip facet="status" value="in-force">{t("inForce")}</Chip>
      <Chip facet="sharing" value="conditional">{t("requestFacet")}</Chip>
      <Chip facet="tier" value="A">{t("tier", { t: "A" })}</Chip>
      <span class={facets.value.steward ? "chip-select on" : "chip-select"}>
        <select aria-label={t("steward")} value={facets.value.steward ?? ""} onChange={(event) => (facets.value = { ...facets.value, steward: event.currentTarget.value })}>
          <option value="">{t("steward")}</option>
          {stewards.map(([key, title]) => (
            <option key={key} value={key}>{title}</option>
          ))}
        </select>
        <Icon name="down" small />
      </span>
    </div>
  );
}

function Nothing() {
  const near = suggestion.value;
  return (
    <Message icon="search" title={query.value.trim() ? t("noMatch", { q: query.value.trim() }) : t("noMatchFilters")}>
      {near && <p class="small muted">{t("nearest", { name: near })}</p>}
      {near ? (
        <button type="button" class="btn sm" onClick={() => (query.value = near)}>{t("searchFor", { name: near })}</button>
      ) : (
        <button type="button" class="btn sm" onClick={() => { query.value = ""; facets.value = {}; }}>{t("clearFilters")}</button>
      )}
    </Message>
  );
}

export function CataloguePanel() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const searched = query.value.trim() !== "";
  const absent = layers.value.filter((layer) => layer.status === "not-bound").length;
  const asked = layers.value.filter((layer) => layer.status === "withheld").length;
  return (
    <aside class="cat" aria-label={t("catalogue")}>
      <div class="cat-top">
        <label class="field">
          <span class="sr">{t("searchLabel")}</span>
          <Icon name="search" />
          <input ref={field} class="input" type="search" placeholder={t("searchLayers", { n: layers.value.length })} value={query.value}
            onInput={(event) => { query.value = event.currentTarget.value; shown.value = SHOWN; }} />
          <span class="kbd" aria-hidden="true">/</span>
        </label>
        <Facets />
      </div>
      <div class="tree" tabIndex={0} role="region" aria-label={t("catalogue")}
        onScroll={({ currentTarget: box }) => box.scrollTop + box.clientHeight > box.scrollHeight - 400 && shown.value < found.value.length && (shown.value += SHOWN)}>
        {found.value.length === 0 ? <Nothing /> : searched ? (
          <ul class="hits">
            {found.value.slice(0, shown.value).map((layer) => <Leaf key={layer.id} layer={layer} />)}
          </ul>
        ) : <Tree />}
      </div>
      <div class="cat-foot" role="status">
        <span>{t("layersOf", { m: found.value.length, n: layers.value.length })}</span>
        <span>{absent ? t("notBoundHere", { n: absent }) : asked ? t("withheldHere", { n: asked }) : ""}</span>
      </div>
    </aside>
  );
}
