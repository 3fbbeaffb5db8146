"""The service: layers, tiles, records, tools and the viewer over HTTP (`spacegov serve`)."""
