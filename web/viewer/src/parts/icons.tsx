// Pictograms, 16 by 16, drawn in the colour of the text beside them.

import type { JSX } from "preact";

const PATHS = {
  search: <><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5 14 14" /></>,
  down: <path d="M4 6l4 4 4-4" />,
  right: <path d="M6 4l4 4-4 4" />,
  left: <path d="M10 4L6 8l4 4" />,
  sun: <><circle cx="8" cy="8" r="3" /><path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" /></>,
  pointer: <path d="M3 2.5l4 11 1.7-4.8 4.8-1.7z" />,
  polygon: <><path d="M3 12.5l2-7 6-2 2.5 6-5 4z" /><circle cx="5" cy="5.5" r="1" /><circle cx="11" cy="3.5" r="1" /></>,
  ruler: <path d="M2 11l9-9 3 3-9 9zM5 8l1.5 1.5M7.5 5.5L9 7M10 3l1.5 1.5" />,
  link: <path d="M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 014.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 013 8.5L4.5 7" />,
  print: <path d="M4 6V2h8v4M4 12H2V6h12v6h-2M4 10h8v4H4z" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  target: <><circle cx="8" cy="8" r="5" /><path d="M8 1v4M8 11v4M1 8h4M11 8h4" /></>,
  eye: <><path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z" /><circle cx="8" cy="8" r="2" /></>,
  eyeOff: <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM2.5 13.5l11-11" />,
  grip: <path d="M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01" stroke-width="2" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  page: <path d="M4 1.5h5l3 3v10H4zM9 1.5v3h3M6 8h4M6 11h4" />,
  download: <path d="M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10" />,
  upload: <path d="M8 11V3M4.5 6L8 2.5 11.5 6M3 13.5h10" />,
  layers: <path d="M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3" />,
  play: <path d="M5 3l8 5-8 5z" />,
  check: <path d="M3 8.5l3.5 3.5L13 4.5" />,
  info: <><circle cx="8" cy="8" r="6" /><path d="M8 7.5v3.5M8 5h.01" /></>,
  clock: <><circle cx="8" cy="8" r="6" /><path d="M8 4.5V8l2.5 1.5" /></>,
  lock: <><rect x="3" y="7" width="10" height="7" rx="1.5" /><path d="M5 7V5a3 3 0 016 0v2" /></>,
  warning: <path d="M8 2l6.5 11.5h-13zM8 6.5v3M8 11.5h.01" />,
  list: <><rect x="2.5" y="2.5" width="11" height="11" rx="1.5" /><path d="M5 6h.01M7.5 6h4M5 10h.01M7.5 10h4" /></>,
  filter: <path d="M2 3h12l-4.5 5.5V13l-3-1.5v-3z" />,
  swipe: <><path d="M8 1v14" /><rect x="2" y="3.5" width="12" height="9" rx="1.5" /><path d="M10.5 6.5L12 8l-1.5 1.5M5.5 6.5L4 8l1.5 1.5" /></>,
  zoom: <><path d="M2.5 6v-3.5h3.5M10 2.5h3.5v3.5M13.5 10v3.5h-3.5M6 13.5h-3.5v-3.5" /></>,
  pencil: <path d="M3 13l.8-3L11 2.8l2.2 2.2L6 12.2zM9.5 4.3l2.2 2.2" />,
} satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof PATHS;

export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? "i i-s" : "i"} viewBox="0 0 16 16" aria-hidden="true">
      {PATHS[name]}
    </svg>
  );
}

/** The mark of each of the four answers: they differ in form, not in colour alone. */
export function AnswerMark({ answer }: { answer: "present" | "absent" | "not_covered" | "failed" | "withheld" }) {
  return (
    <svg class={`ans-i ans-${answer}`} viewBox="0 0 14 14" aria-hidden="true">
      {MARKS[answer]}
    </svg>
  );
}

const MARKS = {
  present: <><rect class="ans-fill" x="1" y="1" width="12" height="12" rx="3" /><path class="ans-on" d="M4 7.2l2 2L10 5" /></>,
  absent: <><circle cx="7" cy="7" r="5.7" /><path d="M4.3 7h5.4" /></>,
  not_covered: <><rect class="ans-dash" x="1.5" y="1.5" width="11" height="11" rx="2" /><path d="M5.3 5.5a1.8 1.8 0 113 1.3c-.8.6-1.3.9-1.3 1.7M7 10.4v.1" /></>,
  failed: <><path d="M7 1.3l6 11H1z" /><path d="M7 5.5v3M7 10.4v.1" /></>,
  withheld: <><rect x="2" y="6" width="10" height="7" rx="1.5" /><path d="M4.2 6V4.5a2.8 2.8 0 015.6 0V6" /></>,
};
