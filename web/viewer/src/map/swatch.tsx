// A legend's swatch: the colour, the pattern and the edge that the map shows.

import { useId } from "preact/hooks";
import type { LegendEntry } from "../types";

const LINES: Record<string, string | undefined> = {
  dashed: "5 3",
  "short-dashed": "2.5 2",
  dotted: "1.5 2.5",
  "dash-dot": "6 2.5 1.5 2.5",
  "long-dashed": "8 3",
};

const encoded = (svg: string) => (svg.startsWith("data:") ? svg : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`);

function sizeOf(svg: string): [number, number] {
  const side = (name: string) => Number(new RegExp(`\\s${name}="([\\d.]+)`).exec(svg)?.[1] ?? 16) / 2;
  return [side("width"), side("height")];
}

export function Swatch({ entry, shape, images }: { entry: LegendEntry; shape: string; images: Record<string, string> }) {
  const id = useId();
  const dash = LINES[entry.line];
  const picture = images[`${entry.pattern}:${entry.ink}`] ?? images[`${entry.pattern}:${entry.colour}`];
  if (shape === "line")
    return (
      <svg class="sw" viewBox="0 0 22 14" aria-hidden="true">
        <path d="M0 7h22" fill="none" stroke={entry.colour} stroke-width={Math.min(5, Math.max(2, entry.width))} stroke-dasharray={dash} />
      </svg>
    );
  if (shape === "point")
    return (
      <svg class="sw" viewBox="0 0 22 14" aria-hidden="true">
        <Marker form={entry.marker} colour={entry.colour} />
      </svg>
    );
  const [width, height] = picture ? sizeOf(picture) : [8, 8];
  return (
    <svg class="sw" viewBox="0 0 22 14" aria-hidden="true">
      <rect x="1" y="1" width="20" height="12" rx="1" fill={entry.colour} fill-opacity={shape === "raster" ? 1 : entry.fill} />
      {picture && (
        <>
          <pattern id={id} width={width} height={height} patternUnits="userSpaceOnUse">
            <image href={encoded(picture)} width={width} height={height} />
          </pattern>
          <rect x="1" y="1" width="20" height="12" rx="1" fill={`url(#${id})`} />
        </>
      )}
      {shape !== "raster" && <rect x="1" y="1" width="20" height="12" rx="1" fill="none" stroke={entry.ink} stroke-width={Math.min(2, Math.max(0.8, entry.width))} stroke-dasharray={dash} />}
    </svg>
  );
}

function Marker({ form, colour }: { form: string; colour: string }) {
  switch (form) {
    case "square":
      return <rect x="6.5" y="2.5" width="9" height="9" fill={colour} />;
    case "triangle":
      return <path d="M11 2l5.5 10h-11z" fill={colour} />;
    case "diamond":
      return <path d="M11 1l6 6-6 6-6-6z" fill={colour} />;
    case "pentagon":
      return <path d="M11 1.5l5.5 4.2-2.1 6.3H7.6L5.5 5.7z" fill={colour} />;
    case "cross":
      return <path d="M11 2v10M6 7h10" stroke={colour} stroke-width="2.5" />;
    default:
      return <circle cx="11" cy="7" r="5" fill={colour} />;
  }
}
