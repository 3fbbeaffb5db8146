// The filter of a layer on the workbench: a field, how it compares, a value; sent to the service as CQL2.

import { useEffect, useId, useState } from "preact/hooks";
import * as api from "../api";
import { number } from "../format";
import { Icon } from "../parts/icons";
import type { Card } from "../types";
import { say, t } from "../words";
import { cardOf, titled } from "./identify";

const COMPARISONS = { "=": "=", "<>": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", like: "∋" } as const;
type Comparison = keyof typeof COMPARISONS;
interface Parts {
  field: string;
  how: Comparison;
  value: string;
}

const NUMBERS = ["integer", "number"];
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const named = (field: string) => (/^[a-z_][a-z0-9_]*$/.test(field) ? field : `"${field}"`);

/** Write a filter as CQL2 text. */
export function written({ field, how, value }: Parts, kind: string): string {
  if (how === "like") return `CASEI(${named(field)}) LIKE CASEI(${quoted(`%${value}%`)})`;
  if (kind === "date" || kind === "datetime") return `${named(field)} ${how} DATE(${quoted(value)})`;
  return `${named(field)} ${how} ${NUMBERS.includes(kind) || kind === "boolean" ? value : quoted(value)}`;
}

/** Read what `written` wrote; anything else is somebody's own and is left as it is. */
export function parts(text: string): Parts | null {
  const like = /^CASEI\("?([^")]+)"?\) LIKE CASEI\('%(.*)%'\)$/.exec(text);
  if (like) return { field: like[1]!, how: "like", value: like[2]!.replaceAll("''", "'") };
  const plain = /^"?([^"\s]+)"? (=|<>|<=|>=|<|>) (?:DATE\()?'?(.*?)'?\)?$/.exec(text);
  return plain && { field: plain[1]!, how: plain[2] as Comparison, value: plain[3]!.replaceAll("''", "'") };
}

export function FilterForm({ id, where, change }: { id: string; where: string | undefined; change: (where: string | undefined) => void }) {
  const own = useId();
  const [card, take] = useState<Card | null>(null);
  const [given, set] = useState<Parts>(parts(where ?? "") ?? { field: "", how: "=", value: "" });
  const [count, tell] = useState<string>("");
  const [why, fail] = useState<string | null>(null);
  useEffect(() => {
    cardOf(id).then(take, (error: Error) => fail(error.message));
  }, [id]);
  useEffect(() => {
    const stop = new AbortController();
    tell("");
    fail(null);
    if (where)
      api.items(id, { filter: where, limit: "1" }, stop.signal).then(
        (page) => tell(t("passing", { m: number(page.numberMatched ?? page.numberReturned), n: number(card?.rows ?? 0) })),
        (error: Error) => !stop.signal.aborted && fail(error.message),
      );
    return () => stop.abort();
  }, [id, where, card]);
  if (!card) return why ? <p class="small bad-t" role="alert">{why}</p> : null;
  const fields = Object.entries(card.columns ?? {}).filter(([, kind]) => kind !== "geometry");
  const kind = card.columns?.[given.field] ?? "string";
  const codes = Object.entries(card.fields?.[given.field]?.codes ?? {});
  const ways = (Object.keys(COMPARISONS) as Comparison[]).filter((way) => (kind === "string" && !codes.length ? ["=", "<>", "like"].includes(way) : codes.length || kind === "boolean" ? ["=", "<>"].includes(way) : way !== "like"));
  const wrong = NUMBERS.includes(kind) && given.value.trim() !== "" && !Number.isFinite(Number(given.value));
  const ready = given.field !== "" && given.value.trim() !== "" && !wrong;
  const part = (name: string, to: Partial<Parts>) => set({ ...given, ...to, ...(name === "field" ? { how: "=", value: "" } : {}) });
  return (
    <form class="filter" aria-label={t("filter")} onSubmit={(event) => { event.preventDefault(); if (ready) change(written({ ...given, value: given.value.trim() }, kind)); }}>
      <span class="selx">
        <select class="input" aria-label={t("field")} value={given.field} onChange={(event) => part("field", { field: event.currentTarget.value })}>
          <option value="">{t("field")}</option>
          {fields.map(([name]) => <option key={name} value={name}>{titled(name, card)}</option>)}
        </select>
        <Icon name="down" />
      </span>
      <span class="selx">
        <select class="input" aria-label={t("comparison")} value={given.how} onChange={(event) => part("how", { how: event.currentTarget.value as Comparison })}>
          {ways.map((way) => <option key={way} value={way}>{COMPARISONS[way]}</option>)}
        </select>
        <Icon name="down" />
      </span>
      {codes.length || kind === "boolean" ? (
        <span class="selx">
          <select class="input" aria-label={t("value")} value={given.value} onChange={(event) => part("value", { value: event.currentTarget.value })}>
            <option value="">{t("value")}</option>
            {codes.length ? codes.map(([code, text]) => <option key={code} value={code}>{say((text as { title?: string }).title ?? text)}</option>) : ["true", "false"].map((each) => <option key={each} value={each}>{t(each === "true" ? "yes" : "no")}</option>)}
          </select>
          <Icon name="down" />
        </span>
      ) : (
        <input class="input" aria-label={t("value")} aria-invalid={wrong ? "true" : undefined} aria-describedby={`${own}-count`} type={(kind.startsWith("date") ? "date" : "text") as "text"}
          placeholder={card.fields?.[given.field]?.unit ?? t("value")} value={given.value} onInput={(event) => part("value", { value: event.currentTarget.value })} />
      )}
      <button type="submit" class="btn sm" disabled={!ready}>{t("apply")}</button>
      {where && <button type="button" class="linkish" onClick={() => { set({ field: "", how: "=", value: "" }); change(undefined); }}>{t("noFilter")}</button>}
      <p class={why ? "small bad-t" : "small faint"} id={`${own}-count`} role="status">{why ?? count}</p>
    </form>
  );
}
