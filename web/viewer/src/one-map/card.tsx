// A layer's card: what it is, who keeps it, who may have it, how far it reaches.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { day, number } from "../format";
import { Icon } from "../parts/icons";
import { Failed, Loading, Message } from "../parts/states";
import { active, byId, cardOpen } from "../state";
import type { Card } from "../types";
import { say, t, type Word } from "../words";
import { Badge, drawable, toggleLayer } from "./catalogue";
import { Legend, useStyle } from "./bench";

const STATUS: Record<string, Word> = { "in-force": "inForce", draft: "draft", superseded: "superseded", expired: "expired", "not-bound": "notBound", withheld: "onRequest" };
export const statusWord = (status: string | null | undefined): string => (status ? (STATUS[status] ? t(STATUS[status]) : status) : "");

function Facts({ card }: { card: Card }) {
  const rows: [Word, string][] = [
    ["steward", say(card.department)],
    ["statusWord", statusWord(card.status)],
    ["versionWord", day(card.version)],
    ["coverageWord", card.coverage ? t(card.coverage === "whole" ? "whole" : "partial") : ""],
    ["recordsWord", card.rows === undefined ? "" : number(card.rows)],
    ["qualityWord", card.quality?.tier ? t("tier", { t: card.quality.tier }) : ""],
    ["updateWord", card.update ?? ""],
    ["licenceWord", card.binding?.licence ?? ""],
  ];
  return (
    <dl class="kv">
      {rows.filter(([, value]) => value).map(([word, value]) => (
        <div class="kv-r" key={word}>
          <dt>{t(word)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function OwnLegend({ id }: { id: string }) {
  const { style } = useStyle(id);
  return style ? <Legend style={style} most={12} /> : null;
}

export function CardPanel({ id }: { id: string }) {
  const [card, set] = useState<Card | null>(null);
  const [why, fail] = useState<string | null>(null);
  const layer = byId.value.get(id);
  const load = () => {
    set(null);
    fail(null);
    api.card(id).then(set, (error: Error) => fail(error.message));
  };
  useEffect(load, [id]);
  const on = active.value.some((each) => each.id === id);
  return (
    <section class="cardp float" aria-label={t("cardOf")}>
      <div class="panel-h">
        <h2>{say(layer?.title) || id}</h2>
        <button type="button" class="icon-btn sm" aria-label={t("close")} onClick={() => (cardOpen.value = null)}>
          <Icon name="close" />
        </button>
      </div>
      <div class="cardp-b" tabIndex={0} role="region" aria-label={t("cardOf")}>
        {why ? <Failed why={why} again={load} /> : !card ? <Loading /> : (
          <>
            {layer && <p class="row"><Badge layer={layer} /><span class="mono faint small">{id}</span></p>}
            {card.about && <p class="muted">{say(card.about)}</p>}
            {layer?.status === "withheld" && (
              <Message icon="lock" tone="warn" title={t("noRight", { who: say(card.department) })}>
                <p class="small muted">{say(card.sharing?.reason) || t("noRightHelp")}</p>
              </Message>
            )}
            <Facts card={card} />
            {card.restriction?.documents?.map((document, i) => (
              <p class="small row" key={i}>
                <Icon name="page" small />
                <span>{say(document.title)}{document.date ? ` · ${day(document.date)}` : ""}</span>
              </p>
            ))}
            {layer && drawable(layer) && <OwnLegend id={id} />}
            {layer?.kind === "Table" && <p class="note"><Icon name="info" />{t("tableOnly")}</p>}
          </>
        )}
      </div>
      {layer && drawable(layer) && (
        <div class="cardp-f">
          <button type="button" class={on ? "btn" : "btn primary"} onClick={() => toggleLayer(id)}>
            <Icon name={on ? "check" : "plus"} />
            {t(on ? "onMap" : "addToMap")}
          </button>
        </div>
      )}
    </section>
  );
}
