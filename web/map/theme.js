// The page's theme: what `data-theme` of the document says, else what the system prefers.

const systemPrefersDark = window.matchMedia("(prefers-color-scheme: dark)");

function themeName() {
  return document.documentElement.dataset.theme || (systemPrefersDark.matches ? "dark" : "light");
}

function onThemeChange(listener) {
  systemPrefersDark.addEventListener("change", listener);
  new MutationObserver(listener).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
