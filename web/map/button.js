// A button in Leaflet's own bar, with a drawn icon.

function makeButton(title, pathData, onClick) {
  const bar = L.DomUtil.create("div", "leaflet-bar leaflet-control spacegov-bar");
  const button = L.DomUtil.create("button", "spacegov-button", bar);
  button.type = "button";
  button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${pathData}"/></svg>`;
  nameButton(button, title);
  L.DomEvent.disableClickPropagation(bar);
  L.DomEvent.on(button, "click", onClick);
  return { bar, button };
}

function nameButton(button, title) {
  button.title = title;
  button.setAttribute("aria-label", title);
}
