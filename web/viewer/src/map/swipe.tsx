// Two states of the map side by side: a second map over the first, cut at a line that is dragged.

import { useEffect, useRef, useState } from "preact/hooks";
import { swipe, territory, theme, type Active } from "../state";
import { t } from "../words";
import { Pane } from "./pane";

const STEP = 5;
const within = (value: number) => Math.min(98, Math.max(2, value));

/** The layers that one side shows; a layer without a side is on both. */
export const sideOf = (layers: Active[], side: "left" | "right"): Active[] => layers.filter((each) => (each.side ?? side) === side);

export function Swipe({ main, layers }: { main: Pane; layers: Active[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [pane, set] = useState<Pane | null>(null);
  const at = swipe.value ?? 50;
  useEffect(() => {
    const { lng, lat } = main.map.getCenter();
    const made = new Pane(box.current!, territory.value!, theme.value, { center: [lng, lat], zoom: main.map.getZoom() });
    made.map.getCanvas().setAttribute("tabindex", "-1");
    const follow = () => made.map.jumpTo({ center: main.map.getCenter(), zoom: main.map.getZoom() });
    main.map.on("move", follow);
    main.mirror = made;
    set(made);
    Object.assign(window, { spacegovRightMap: made.map });
    return () => {
      main.map.off("move", follow);
      main.mirror = null;
      made.remove();
    };
  }, [main]);
  useEffect(() => {
    void pane?.show(sideOf(layers, "right"));
  }, [pane, layers]);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else void pane?.retheme(theme.value, sideOf(layers, "right"));
  }, [theme.value]);
  const drag = (event: PointerEvent) => {
    const frame = box.current!.getBoundingClientRect();
    swipe.value = within(Math.round(((event.clientX - frame.left) / frame.width) * 1000) / 10);
  };
  return (
    <>
      <div class="canvas swipe-right" ref={box} style={{ clipPath: `inset(0 0 0 ${at}%)` }} aria-hidden="true" />
      <div class="swipe-line" style={{ left: `${at}%` }} role="slider" tabIndex={0} aria-orientation="horizontal"
        aria-label={t("swipeLine")} aria-valuemin={2} aria-valuemax={98} aria-valuenow={Math.round(at)}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && drag(event)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
          if (!by) return;
          event.preventDefault();
          swipe.value = within(at + by);
        }}>
        <i aria-hidden="true" />
      </div>
    </>
  );
}
