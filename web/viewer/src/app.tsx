// The frame of every page: brand, applications, language, light and dark.

import { useEffect } from "preact/hooks";
import { ApplicationPage } from "./pages/application";
import { ZonesPage } from "./pages/zones";
import { OneMapPage } from "./one-map/page";
import { Icon } from "./parts/icons";
import { Failed } from "./parts/states";
import { ScenarioPage } from "./scenario/page";
import { address, failure, go, language, page, scenarioId, scenarios, territory, theme, told, toolId, tools, type PageName } from "./state";
import { ToolPage } from "./tool/page";
import type { Language } from "./types";
import { say, t, type Word } from "./words";

const LANGUAGES: [Language, string][] = [["en", "en"], ["zh", "中文"], ["ru", "ру"]];
const NAMED: (PageName | null)[] = ["map", null, "integration", "protection", "use", "security", null, "emergency"];

function current(): PageName {
  if (page.value === "tool") return (tools.value.find((tool) => tool.id === toolId.value)?.application as PageName) ?? "map";
  if (page.value === "scenario") return (scenarios.value.find((each) => each.id === scenarioId.value)?.application as PageName) ?? "map";
  return page.value;
}

function Header() {
  const title = say(territory.value?.title);
  return (
    <header class="top">
      <a class="brand" href="#/map" onClick={(event) => follow(event, "map")}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 3l9 4.5-9 4.5-9-4.5z" class="brand-fill" />
          <path d="M3 12l9 4.5 9-4.5M3 16.5L12 21l9-4.5" class="brand-line" />
        </svg>
        spacegov{title && <small>{title}</small>}
      </a>
      <nav class="apps" aria-label={t("applications")}>
        {NAMED.map((name, i) =>
          name === null ? (
            <span class="sep" aria-hidden="true" key={i} />
          ) : (
            <a key={name} href={`#/${name}`} aria-current={current() === name ? "page" : undefined} onClick={(event) => follow(event, name)}>
              {t(name === "map" ? "oneMap" : (name as "use"))}
            </a>
          ),
        )}
      </nav>
      <div class="top-end">
        <div class="seg" role="group" aria-label={t("languageWord")}>
          {LANGUAGES.map(([code, word]) => (
            <button key={code} type="button" lang={code} aria-pressed={language.value === code} onClick={() => (language.value = code)}>
              {word}
            </button>
          ))}
        </div>
        <button class="icon-btn" type="button" aria-label={t("switchTheme")} title={t("switchTheme")} onClick={() => (theme.value = theme.value === "dark" ? "light" : "dark")}>
          <Icon name="sun" />
        </button>
      </div>
    </header>
  );
}

function follow(event: MouseEvent, name: PageName): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(name);
}

export function App() {
  const name = page.value;
  useEffect(() => {
    const part = current();
    document.title = `${t(part === "map" ? "oneMap" : (part as Word))} · spacegov`;
    document.documentElement.lang = language.value;
  }, [name, language.value, tools.value, scenarios.value]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        {t("skip")}
      </a>
      <div class="app">
        <Header />
        {failure.value ? (
          <main id="main" tabIndex={-1} class="p-fail">
            <Failed why={failure.value} again={() => location.reload()} />
          </main>
        ) : (
          territory.value && <Shown name={name} />
        )}
        <div class="told" role="status" aria-live="polite">
          {told.value && <span>{told.value}</span>}
        </div>
      </div>
    </>
  );
}

function Shown({ name }: { name: PageName }) {
  if (name === "tool") return <ToolPage key={toolId.value} />;
  if (name === "scenario") return <ScenarioPage key={scenarioId.value} />;
  if (name === "emergency") return <ZonesPage />;
  if (name === "map") return <OneMapPage />;
  return <ApplicationPage key={name} name={name} />;
}

/** Copy the address of this view. */
export async function copyLink(): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(new URL(address(), location.href).href);
    return true;
  } catch {
    return false;
  }
}
