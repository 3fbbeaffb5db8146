"""Maps: one style, compiled for folium now and for MapLibre in the viewer, and maps that need nothing from outside."""
