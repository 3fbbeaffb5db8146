// The fields of a tool's form.

import { useId } from "preact/hooks";
import { Icon } from "../parts/icons";
import { byId, layers, own } from "../state";
import { say, t } from "../words";
import { Badge } from "../one-map/catalogue";
import { nameOf } from "../one-map/bench";
import { fault, type LayerField, type OptionField } from "./form";

const SHAPES = ["Polygons", "Lines", "Points"];

function fits(kind: string, wants: string): boolean {
  if (kind === wants) return true;
  if (wants === "Features" || wants === "AnyLayer" || wants === "Stream") return SHAPES.includes(kind) || kind === "Features";
  if (wants === "LayerSet") return kind !== "Table";
  if (wants === "Table") return kind !== "Raster";
  return false;
}

export function LayersField({ field, value, change }: { field: LayerField; value: string[]; change: (value: string[]) => void }) {
  const id = useId();
  const usable = layers.value.filter((layer) => fits(layer.kind, field.wants) && !value.includes(layer.id));
  const mine = Object.keys(own.value).filter((each) => !value.includes(each));
  const option = (key: string, title: string, off: boolean) => <option key={key} value={key} disabled={off}>{title}</option>;
  return (
    <div class="fm">
      <label for={id}>{field.title} {field.many && <span class="help">{t("twoOrMore")}</span>}</label>
      {value.length > 0 && (
        <ul class="picks">
          {value.map((each) => {
            const layer = byId.value.get(each);
            return (
              <li key={each}>
                <span class="trunc" title={each}>{nameOf(each)}</span>
                {layer ? <Badge layer={layer} /> : <span class="badge info">{t("uploadFile")}</span>}
                {(field.many || !field.required || value.length > 0) && (
                  <button type="button" class="icon-btn sm" aria-label={t("remove", { name: nameOf(each) })} onClick={() => change(value.filter((one) => one !== each))}><Icon name="close" /></button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {(field.many || value.length === 0) && (
        <span class="selx">
          <select id={id} class="input" value="" onChange={(event) => { const chosen = event.currentTarget.value; if (chosen) change(field.many ? [...value, chosen] : [chosen]); event.currentTarget.value = ""; }}>
            <option value="">{value.length ? t("add") : field.required ? t("choose") : t("none")}</option>
            {mine.map((each) => option(each, nameOf(each), false))}
            {usable.map((layer) => option(layer.id, say(layer.title) + (layer.status === "withheld" ? ` · ${t("onRequest")}` : ""), layer.status === "withheld" || layer.status === "not-bound"))}
          </select>
          <Icon name="down" />
        </span>
      )}
      {field.help && <span class="help">{field.help}</span>}
    </div>
  );
}

export function OptionControl({ field, value, change }: { field: OptionField; value: unknown; change: (value: unknown) => void }) {
  const id = useId();
  const wrong = fault(field, value);
  const text = value === null || value === undefined ? "" : String(value);
  if (field.kind === "boolean")
    return (
      <label class="chk">
        <input type="checkbox" checked={value === true} onChange={(event) => change(event.currentTarget.checked)} />
        {field.title}
        <span class="help">{field.help}</span>
      </label>
    );
  return (
    <div class="fm">
      <label for={id}>{field.title}</label>
      {field.kind === "choice" ? (
        <span class="selx">
          <select id={id} class="input" value={text} onChange={(event) => change(event.currentTarget.value || null)}>
            {field.nullable && <option value="">{t("notSet")}</option>}
            {field.choices.map((each) => <option key={each} value={each}>{each.replaceAll("_", " ")}</option>)}
          </select>
          <Icon name="down" />
        </span>
      ) : (
        <span class="qty">
          <input id={id} class="input" inputMode={field.kind === "number" ? "decimal" : "text"} type={(field.kind === "date" ? "date" : "text") as "text"}
            value={Array.isArray(value) ? value.join(", ") : text} placeholder={field.nullable ? t("notSet") : ""} aria-invalid={wrong ? "true" : undefined} aria-describedby={`${id}-help`}
            onInput={(event) => change(read(field, event.currentTarget.value))} />
          {field.unit && <span>{field.unit}</span>}
        </span>
      )}
      <span class={wrong ? "help bad-t" : "help"} id={`${id}-help`}>{wrong ?? field.help}</span>
    </div>
  );
}

function read(field: OptionField, text: string): unknown {
  const plain = text.trim();
  if (plain === "" && field.nullable) return null;
  if (field.kind === "number") return plain !== "" && Number.isFinite(Number(plain.replace(",", "."))) ? Number(plain.replace(",", ".")) : text;
  if (field.kind === "list") return plain.split(",").map((each) => each.trim()).filter(Boolean).map((each) => (Number.isFinite(Number(each)) ? Number(each) : each));
  return text;
}
