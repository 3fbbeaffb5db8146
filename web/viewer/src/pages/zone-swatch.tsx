// The three zones differ in pattern and in lightness, not in colour alone.

import { useId } from "preact/hooks";

const MARKS: Record<string, string> = { containment: "M0 0L5 5M0 5L5 0", control: "M0 5L5 0", prevention: "" };

export function ZoneSwatch({ zone }: { zone: string }) {
  const id = useId();
  if (zone === "case")
    return (
      <svg class="sw" viewBox="0 0 22 14" aria-hidden="true">
        <circle class="zs-case" cx="11" cy="7" r="5" />
      </svg>
    );
  return (
    <svg class={`sw zs zs-${zone}`} viewBox="0 0 22 14" aria-hidden="true">
      <pattern id={id} width="5" height="5" patternUnits="userSpaceOnUse">
        {MARKS[zone] ? <path class="zs-ink" d={MARKS[zone]} /> : <circle class="zs-dot" cx="2.5" cy="2.5" r=".9" />}
      </pattern>
      <rect class="zs-fill" x="1" y="1" width="20" height="12" rx="1" />
      <rect x="1" y="1" width="20" height="12" rx="1" fill={`url(#${id})`} />
      <rect class="zs-edge" x="1" y="1" width="20" height="12" rx="1" />
    </svg>
  );
}
