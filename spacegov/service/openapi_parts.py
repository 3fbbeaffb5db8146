"""The parts of the OpenAPI document that routes do not say of themselves: parameters, bodies, answers, schemas."""

from __future__ import annotations

from typing import Any

_ITEMS = "/collections/{layer}/items"
_ITEM = "/collections/{layer}/items/{feature}"
_TILE = "/collections/{layer}/tiles/{matrix_set}/{matrix}/{row}/{column}"
_EXECUTE = "/processes/{tool}/execution"
_OBJECT = {"type": "object"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(schema: Any, media: str = "application/json", about: str = "The answer.", **headers: str) -> dict[str, Any]:
    found: dict[str, Any] = {"description": about, "content": {media: {"schema": schema}}}
    if headers:
        found["headers"] = {
            name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
    return found


def _query(name: str, schema: dict[str, Any], about: str, **extra: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema} | extra


def _path(name: str, about: str, pattern: str = r"^[^/?#]+$") -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": {"type": "string", "pattern": pattern, "minLength": 1},
    }


_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_TEXT: dict[str, Any] = {"type": "string"}

PARAMETERS: dict[str, Any] = {
    "layer": _path("collectionId", "Id of a layer, of a result, of an upload, or registry."),
    "feature": _path("featureId", "Id of a feature."),
    "matrix_set": _path("tileMatrixSetId", "WebMercatorQuad."),
    "matrix": _path("tileMatrix", "Level, 0 to 22.", r"^[0-9]{1,2}$"),
    "row": _path("tileRow", "Row from the north.", r"^[0-9]{1,8}$"),
    "column": _path("tileCol", "Column from the west.", r"^[0-9]{1,8}$"),
    "tool": _path("processID", "Id of a tool or scenario."),
    "job": _path("jobId", "Id of a job.", r"^[0-9a-f]{32}$"),
    "frame": _path("frame", "A part of the answer, workbook, report; of a scenario also layers and map."),
    "path": _path("path", "A file of the viewer.", r"^.+$"),
    "offset": _query(
        "offset", {"type": "integer", "minimum": 0, "default": 0, "maximum": 999999999999}, "Features passed over."
    ),
    "bbox": _query("bbox", _NUMBERS, "West, south, east, north.", style="form", explode=False),
    "bbox-crs": _query("bbox-crs", {"type": "string", "format": "uri"}, "CRS of bbox."),
    "crs": _query("crs", {"type": "string", "format": "uri"}, "CRS of the answer."),
    "datetime": _query("datetime", _TEXT, "A time, or a period such as 2025-01-01/..", style="form", explode=False),
    "properties": _query(
        "properties", {"type": "array", "items": _TEXT}, "Properties wanted.", style="form", explode=False
    ),
    "filter": _query("filter", _TEXT, "A CQL2 filter, such as grade <= 5."),
    "filter-lang": _query(
        "filter-lang",
        {"type": "string", "enum": ["cql2-text", "cql2-json", "cql-text"], "default": "cql2-text"},
        "Its language.",
    ),
    "filter-crs": _query("filter-crs", {"type": "string", "format": "uri"}, "CRS of its geometries."),
    "q": _query("q", _TEXT, "Words in English, Chinese or Russian.", style="form", explode=False),
    "ids": _query("ids", {"type": "array", "items": _TEXT}, "Records by id.", style="form", explode=False),
    "type": _query("type", {"type": "array", "items": _TEXT}, "Types of records.", style="form", explode=False),
    "theme": _query("theme", {"type": "string", "enum": ["light", "dark"], "default": "light"}, "Ground of the map."),
    "at": _query(
        "at",
        {**_NUMBERS, "minItems": 2, "maxItems": 2},
        "Longitude and latitude.",
        required=True,
        style="form",
        explode=False,
    ),
    "lang": _query("lang", {"type": "string", "enum": ["en", "zh", "ru"]}, "Language of the report."),
    "version": _query("version", _TEXT, "Any word; tiles asked for with it may be kept."),
    "name": _query("name", _TEXT, "Name of the file; its suffix says the format."),
    "f": _query("f", {"type": "string", "enum": ["json"]}, "Form of the answer."),
    "f-tile": _query("f", {"type": "string", "enum": ["mvt", "png", "terrarium"]}, "Form of the tile."),
    "f-file": _query(
        "f",
        {"type": "string", "enum": ["gpkg", "parquet", "geojson", "csv", "tif", "xlsx", "pdf", "html"]},
        "Form of the file.",
    ),
    "prefer": {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "schema": _TEXT,
        "description": "respond-async starts a job.",
    },
}

QUERIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", _ITEMS): (
        "limit",
        "offset",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "properties",
        "filter",
        "filter-lang",
        "filter-crs",
    ),
    ("GET", _ITEM): ("crs",),
    ("GET", _TILE): ("theme", "version", "filter", "filter-lang"),
    ("GET", "/api/layers/{layer}/value"): ("at",),
    ("GET", "/api/layers/{layer}/style"): ("theme",),
    ("GET", "/jobs/{job}/results/{frame}"): ("lang",),
    ("POST", "/uploads"): ("name",),
    ("POST", _EXECUTE): ("prefer",),
}

_PLAIN = [
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/{layer}",
    "/collections/{layer}/queryables",
    _ITEMS,
    _ITEM,
    "/tileMatrixSets",
    "/tileMatrixSets/{matrix_set}",
    "/collections/{layer}/tiles",
    "/collections/{layer}/tiles/{matrix_set}",
    "/processes",
    "/processes/{tool}",
    "/jobs/{job}",
    "/jobs/{job}/results",
]
FORMS: dict[str, str] = {**dict.fromkeys(_PLAIN, "f"), _TILE: "f-tile", "/jobs/{job}/results/{frame}": "f-file"}

_INPUTS = {
    "type": "object",
    "properties": {"inputs": _OBJECT, "outputs": _OBJECT, "response": {"type": "string", "enum": ["document", "raw"]}},
    "additionalProperties": False,
}
_GEOMETRY = {
    "type": "object",
    "required": ["geometry"],
    "additionalProperties": False,
    "properties": {
        "geometry": {"type": "object", "required": ["type"]},
        "themes": {"type": "array", "items": _TEXT},
        "on": {"type": "string", "format": "date"},
    },
}

BODIES: dict[tuple[str, str], Any] = {
    ("POST", _EXECUTE): {
        "required": True,
        "content": {"application/json": {"schema": _INPUTS, "example": {"inputs": {}}}},
    },
    ("POST", "/api/extract"): {
        "required": True,
        "content": {
            "application/json": {
                "schema": _GEOMETRY,
                "example": {"geometry": {"type": "Point", "coordinates": [120.13, 29.49]}},
            }
        },
    },
    ("POST", "/uploads"): {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
}

_FILES = {
    media: {"schema": {"type": "string", "format": "binary"}}
    for media in (
        "application/geopackage+sqlite3",
        "application/vnd.apache.parquet",
        "application/geo+json",
        "text/csv",
        "image/tiff",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/pdf",
        "text/html",
    )
}
_TILE_FORMS = {
    media: {"schema": {"type": "string", "format": "binary"}}
    for media in ("application/vnd.mapbox-vector-tile", "image/png")
}
_SAME = {"description": "The client has this version already."}
_GEO = "application/geo+json"
_CRS = {"content_crs": "CRS of the geometries."}

PLAIN_ANSWER: dict[str, Any] = {"200": _answer(_OBJECT)}
"""What a route answers that says no more here."""

RESPONSES: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", "/"): {"200": _answer(_ref("Landing")), "307": {"description": "To the viewer, for a browser."}},
    ("GET", "/conformance"): {"200": _answer(_ref("Conformance"))},
    ("GET", "/api"): {"200": _answer(_OBJECT, "application/vnd.oai.openapi+json;version=3.0")},
    ("GET", "/collections"): {"200": _answer(_ref("Collections"))},
    ("GET", "/collections/{layer}"): {"200": _answer(_ref("Collection"))},
    ("GET", "/collections/{layer}/queryables"): {
        "200": {
            "description": "The schema.",
            "content": {media: {"schema": _OBJECT} for media in ("application/schema+json", "application/json")},
        }
    },
    ("GET", _ITEMS): {"200": _answer(_ref("Features"), _GEO, **_CRS)},
    ("GET", _ITEM): {"200": _answer(_ref("Feature"), _GEO, **_CRS)},
    ("GET", _TILE): {
        "200": {"description": "The tile.", "content": _TILE_FORMS},
        "204": {"description": "Nothing lies there."},
        "304": _SAME,
    },
    ("GET", "/processes"): {"200": _answer(_ref("Processes"))},
    ("GET", "/processes/{tool}"): {"200": _answer(_ref("Process"))},
    ("POST", _EXECUTE): {
        "200": {
            "description": "The answer.",
            "content": {"application/json": {"schema": {}}, _GEO: {"schema": _OBJECT}},
        },
        "201": _answer(_ref("Status"), about="A job was started.", location="The job."),
    },
    ("GET", "/jobs/{job}"): {"200": _answer(_ref("Status"))},
    ("DELETE", "/jobs/{job}"): {"200": _answer(_ref("Status"))},
    ("GET", "/jobs/{job}/results/{frame}"): {"200": {"description": "The file.", "content": _FILES}},
    ("POST", "/uploads"): {"201": _answer(_OBJECT, location="The collection.")},
    ("GET", "/api/tools"): {"200": _answer({"type": "array", "items": _OBJECT})},
    ("GET", "/api/scenarios"): {"200": _answer({"type": "array", "items": _OBJECT})},
    ("GET", "/viewer/{path}"): {
        "200": {"description": "The file.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        "304": _SAME,
    },
}


def _all(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_LINKS = {"type": "array", "items": _ref("Link")}
_COUNT = {"type": "integer", "minimum": 0}
_JOB_STATES = {"type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"]}

COMPONENTS: dict[str, Any] = {
    "schemas": {
        "Link": _all(["href", "rel"], href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT),
        "Problem": _all(
            ["title", "status", "detail"],
            type=_TEXT,
            title=_TEXT,
            status={"type": "integer"},
            detail=_TEXT,
            request=_TEXT,
        ),
        "Landing": _all(["links"], title=_TEXT, description=_TEXT, links=_LINKS),
        "Conformance": _all(["conformsTo"], conformsTo={"type": "array", "items": _TEXT}),
        "Collection": _all(
            ["id", "links"],
            id=_TEXT,
            title=_TEXT,
            description=_TEXT,
            itemType=_TEXT,
            extent=_OBJECT,
            crs={"type": "array", "items": _TEXT},
            storageCrs=_TEXT,
            links=_LINKS,
        ),
        "Collections": _all(
            ["links", "collections"], links=_LINKS, collections={"type": "array", "items": _ref("Collection")}
        ),
        "Feature": _all(
            ["type", "geometry", "properties"],
            type={"type": "string", "enum": ["Feature"]},
            id={},
            geometry={"type": "object", "nullable": True},
            properties={"type": "object", "nullable": True},
        ),
        "Features": _all(
            ["type", "features"],
            type={"type": "string", "enum": ["FeatureCollection"]},
            features={"type": "array", "items": _ref("Feature")},
            links=_LINKS,
            timeStamp=_TEXT,
            numberMatched=_COUNT,
            numberReturned=_COUNT,
        ),
        "Process": _all(
            ["id", "version"], id=_TEXT, title=_TEXT, version=_TEXT, inputs=_OBJECT, outputs=_OBJECT, links=_LINKS
        ),
        "Processes": _all(["processes", "links"], processes={"type": "array", "items": _ref("Process")}, links=_LINKS),
        "Status": _all(
            ["jobID", "status", "type"],
            jobID=_TEXT,
            processID=_TEXT,
            type=_TEXT,
            status=_JOB_STATES,
            message=_TEXT,
            progress={"type": "integer", "minimum": 0, "maximum": 100},
            step=_all(["id", "number", "of"], id=_TEXT, number=_COUNT, of=_COUNT),
            links=_LINKS,
        ),
    },
    "responses": {
        "Problem": {
            "description": "What was given, what is needed, how to mend it.",
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
    },
}
