// Empty, loading, failed: every panel says these in the same way.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../words";
import { Icon, type IconName } from "./icons";

export function Message({ icon, title, children, tone = "", dots = false }: { icon: IconName; title: string; children?: ComponentChildren; tone?: "" | "bad" | "warn"; dots?: boolean }) {
  return (
    <div class={dots ? "stx dots" : "stx"} role={tone === "bad" ? "alert" : "status"}>
      <span class={`wi ${tone}`}>
        <Icon name={icon} />
      </span>
      <b>{title}</b>
      {children}
    </div>
  );
}

/** A skeleton, after 300 ms and never before. */
export function Loading() {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return shown ? (
    <div class="sk" role="status" aria-label={t("loading")}>
      {["w60", "w85", "w72", "w78", "w46"].map((width) => (
        <i class={width} key={width} />
      ))}
    </div>
  ) : null;
}

/** What the service said, and a way on. */
export function Failed({ why, again }: { why: string; again?: () => void }) {
  const [head, ...rest] = why.split("; ");
  return (
    <Message icon="warning" tone="bad" title={sentence(head ?? why)}>
      {rest.length > 0 && <p class="small muted">{sentence(rest.join("; "))}</p>}
      {again && (
        <button class="btn sm" type="button" onClick={again}>
          {t("tryAgain")}
        </button>
      )}
    </Message>
  );
}

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
