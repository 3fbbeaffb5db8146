// What the active layers have at a place: asked of the data themselves, never read off the tiles.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { figure } from "../format";
import { Icon } from "../parts/icons";
import { Loading, Message } from "../parts/states";
import { active, byId, highlighted, place } from "../state";
import type { Bounds, Card, Feature } from "../types";
import { say, t } from "../words";
import { nameOf } from "./bench";

export interface Spot {
  at: [number, number];
  box: Bounds;
}
interface Hit {
  layer: string;
  feature: Feature;
  card: Card | null;
}
const MOST = 5;
const cards = new Map<string, Promise<Card>>();

export function cardOf(id: string): Promise<Card> {
  let found = cards.get(id);
  if (!found) {
    found = api.card(id);
    cards.set(id, found);
    found.catch(() => cards.delete(id));
  }
  return found;
}

async function hitsOf(id: string, { at, box }: Spot, where: string | undefined, signal: AbortSignal): Promise<Hit[]> {
  if (byId.value.get(id)?.kind === "Raster") {
    const [{ value }, card] = await Promise.all([api.value(id, at, signal), cardOf(id).catch(() => null)]);
    return value === null ? [] : [{ layer: id, feature: { type: "Feature", geometry: null, properties: { value } }, card }];
  }
  const [page, card] = await Promise.all([
    api.items(id, { bbox: box.join(","), limit: String(MOST), ...(where ? { filter: where } : {}) }, signal),
    cardOf(id).catch(() => null),
  ]);
  return page.features.map((feature) => ({ layer: id, feature, card }));
}

/** A value as its field's codes and unit say it. */
export function valued(name: string, value: unknown, card: Pick<Card, "fields"> | null): string {
  if (value === null || value === undefined || value === "") return "–";
  const field = card?.fields?.[name];
  const code = field?.codes?.[String(value)] as unknown;
  if (code) return say(((code as { title?: unknown }).title ?? code) as string);
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number") return [/(_id|code|year)$|^id$|^year/.test(name) ? String(value) : figure(value), field?.unit].filter(Boolean).join(" ");
  return String(value).replace(/T00:00:00$/, "");
}

export const titled = (name: string, card: Pick<Card, "fields"> | null): string => say(card?.fields?.[name]?.title) || name.replaceAll("_", " ");

/** What a feature is called: its name, else its number. */
export function called(feature: Feature, card: Pick<Card, "fields"> | null): string {
  const own = feature.properties;
  if (!feature.geometry && "value" in own) return valued("value", own.value, card);
  const name = own.name ?? own.title;
  return typeof name === "string" && name ? name : feature.id !== undefined ? String(feature.id) : titled(Object.keys(own)[0] ?? "", card);
}

export function IdentifyPanel({ spot, close }: { spot: Spot; close: () => void }) {
  const [hits, set] = useState<Hit[] | null>(null);
  const [at, go] = useState(0);
  const asked = active.value.filter(({ hidden }) => !hidden);
  const key = asked.map(({ id, where }) => `${id} ${where ?? ""}`).join();
  useEffect(() => {
    const stop = new AbortController();
    set(null);
    go(0);
    Promise.allSettled(asked.map(({ id, where }) => hitsOf(id, spot, where, stop.signal))).then((all) => {
      if (!stop.signal.aborted) set(all.flatMap((each) => (each.status === "fulfilled" ? each.value : [])));
    });
    return () => stop.abort();
  }, [spot, key]);
  const hit = hits?.[at];
  useEffect(() => {
    highlighted.value = hit?.feature.geometry ? [hit.feature] : [{ type: "Feature", geometry: { type: "Point", coordinates: spot.at }, properties: {} }];
    return () => {
      highlighted.value = [];
    };
  }, [hit, spot]);
  const point = { type: "Point", coordinates: spot.at } as const;
  return (
    <section class="ident float" aria-label={t("whatIsHere")}>
      <div class="panel-h">
        <div>
          {hit && <p class="small faint">{nameOf(hit.layer)}</p>}
          <h2>{hit ? called(hit.feature, hit.card) : t("whatIsHere")}</h2>
        </div>
        <button type="button" class="icon-btn sm" aria-label={t("close")} onClick={close}><Icon name="close" /></button>
      </div>
      <div class="ident-b" tabIndex={0} role="region" aria-label={t("whatIsHere")}>
        {hits === null ? <Loading /> : !hit ? (
          <Message icon="info" title={t("nothingHere")}><p class="small muted">{t("nothingHereHelp")}</p></Message>
        ) : (
          <dl class="kv">
            {Object.entries(hit.feature.properties).filter(([, value]) => value !== null && value !== "").map(([name, value]) => (
              <div class="kv-r" key={name}>
                <dt>{titled(name, hit.card)}</dt>
                <dd>{valued(name, value, hit.card)}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <div class="ident-f">
        {hits && hits.length > 1 && (
          <span class="row">
            <button type="button" class="icon-btn sm" aria-label={t("previous")} disabled={at === 0} onClick={() => go(at - 1)}><Icon name="left" /></button>
            <span class="small faint">{t("page", { m: at + 1, n: hits.length })}</span>
            <button type="button" class="icon-btn sm" aria-label={t("next")} disabled={at === hits.length - 1} onClick={() => go(at + 1)}><Icon name="right" /></button>
          </span>
        )}
        <button type="button" class={hit && /Polygon/.test(hit.feature.geometry?.type ?? "") ? "btn sm" : "btn sm primary"} onClick={() => (place.value = { geometry: point })}>{t("askHere")}</button>
        {hit && hit.feature.id !== undefined && /Polygon/.test(hit.feature.geometry?.type ?? "") && (
          <button type="button" class="btn sm primary" onClick={() => (place.value = { geometry: hit.feature.geometry!, layer: hit.layer, feature: String(hit.feature.id), label: called(hit.feature, hit.card) })}>{t("askFeature")}</button>
        )}
      </div>
    </section>
  );
}
