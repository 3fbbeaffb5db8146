"""Cards, bindings and settings of a made province."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spacegov.synthetic.frame import CRS

VERSION = "2025-12-31"

# The large layers of a province and their geometry; their ids are those of the county's own cards.
LARGE = {
    "artificial.county": "Polygon",
    "artificial.townships": "Polygon",
    "artificial.land-survey": "Polygon",
    "artificial.parcels": "Polygon",
    "artificial.buildings": "Polygon",
    "artificial.roads": "LineString",
    "planned.land-use-plan": "Polygon",
    "planned.permanent-basic-farmland": "Polygon",
}

# space, name, steward, palette colour, titles
THEMES: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("natural", "wetlands", "forestry", "wetland", "Wetlands", "湿地", "Водно-болотные угодья"),
    ("planned", "detailed-plan", "natural-resources", "urban", "Detailed plan", "详细规划", "Детальный план"),
    (
        "planned",
        "heritage-protection",
        "culture",
        "heritage",
        "Heritage protection",
        "历史文化保护线",
        "Охрана наследия",
    ),
    ("natural", "flood-hazard", "water", "hazard-moderate", "Flood hazard", "洪水风险图", "Паводковая опасность"),
    ("artificial", "temporary-land", "natural-resources", "project", "Temporary land", "临时用地", "Временные земли"),
    (
        "planned",
        "ecological-red-line",
        "ecology",
        "red-line",
        "Ecological red line",
        "生态保护红线",
        "Экологическая красная линия",
    ),
    ("natural", "soil", "agriculture", "bare", "Soil", "土壤", "Почвы"),
    ("artificial", "permits", "natural-resources", "permitted", "Permits", "用地许可", "Разрешения"),
    ("planned", "village-plan", "natural-resources", "village", "Village plans", "村庄规划", "Планы деревень"),
    ("natural", "habitat", "ecology", "habitat", "Habitats", "重要物种生境", "Местообитания"),
    ("artificial", "land-supply", "natural-resources", "project", "Land supply", "土地供应", "Предоставление земель"),
    ("planned", "transport-plan", "transport", "planned-road", "Transport plan", "综合交通规划", "Транспортный план"),
    (
        "natural",
        "landslide-susceptibility",
        "natural-resources",
        "hazard-high",
        "Landslide susceptibility",
        "滑坡易发性",
        "Подверженность оползням",
    ),
    (
        "artificial",
        "change-patches",
        "natural-resources",
        "change-patch",
        "Change patches",
        "变化图斑",
        "Контуры изменений",
    ),
    ("planned", "water-plan", "water", "water-works", "Water plan", "水利规划", "Водохозяйственный план"),
    ("natural", "forest", "forestry", "forest", "Forest", "森林资源", "Леса"),
    (
        "artificial",
        "conversion-approvals",
        "natural-resources",
        "project",
        "Conversion approvals",
        "农用地转用批准",
        "Разрешения на перевод земель",
    ),
    ("planned", "forest-plan", "forestry", "afforestation", "Forest plan", "林业发展规划", "Лесной план"),
)


# what the layers of some themes forbid, or bind to a condition
RESTRICTIONS = {
    "wetlands": "wetland",
    "heritage-protection": "heritage",
    "flood-hazard": "flood",
    "ecological-red-line": "ecological-red-line",
    "habitat": "habitat",
    "landslide-susceptibility": "geohazard",
    "forest": "forest",
    "detailed-plan": "detailed-plan",
}


def _card(theme: tuple[str, str, str, str, str, str, str], county: int) -> str:
    """The card of a small layer as YAML."""
    _, name, steward, colour, english, chinese, russian = theme
    bound = f"restriction: {{theme: {RESTRICTIONS[name]}, min_area_m2: 1}}\n" if name in RESTRICTIONS else ""
    titles = f"{{en: '{english}, county {county}', zh: '{chinese}（{county}号县）', ru: '{russian}, уезд {county}'}}"
    return (
        f"title: {titles}\n"
        f"about: A layer of county {county} of a made province; it covers this county only.\n"
        f"kind: Polygons\nlevel: county\nsteward: {steward}\nsharing: {{class: open}}\n"
        "fields:\n"
        "  record_id: {type: string, required: true, unique: true, "
        "title: {en: Record number, zh: 记录编号, ru: Номер записи}}\n"
        "  grade: {type: integer, title: {en: Grade, zh: 等级, ru: Класс качества}, range: [1, 5]}\n"
        "  township_id: {type: string, title: {en: Township, zh: 乡镇, ru: Волость}}\n"
        f"quality: {{tier: C, topology: no-overlap}}\nstyle: {{colour: {colour}}}\n{bound}"
    )


def write_cards(folder: Path, counties: int, layers: int) -> None:
    """Write workspace.yaml, the cards of the small layers and all bindings.

    Parameters
    ----------
    folder
        The workspace.
    counties
        Number of counties.
    layers
        Number of layers, the large ones included.
    """
    import yaml

    settings: dict[str, Any] = {
        "name": {"en": "Made province", "zh": "模拟省", "ru": "Модельная провинция"},
        "crs": CRS,
        "area_basis": "plane",
        "units": {"county": "artificial.county", "township": "artificial.townships"},
        "language": "en",
        "about": "A province made by spacegov for trials of scale; nothing in it is real.",
    }
    (folder / "workspace.yaml").write_text(
        yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    bindings = folder / "layers" / "bindings"
    bindings.mkdir(parents=True, exist_ok=True)
    for name in LARGE:
        _bind(folder, bindings, name, "whole")
    for number in range(layers - len(LARGE)):
        theme, county = divmod(number, counties)
        space, title = THEMES[theme % len(THEMES)][:2]
        again = theme // len(THEMES)
        name = f"{title}-{county + 1:04d}" + (f"-{again + 1}" if again else "")
        path = folder / "layers" / space / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_card(THEMES[theme % len(THEMES)], county + 1), encoding="utf-8")
        _bind(folder, bindings, f"{space}.{name}", f"data/coverage-{county + 1:04d}.parquet")


def _bind(folder: Path, bindings: Path, name: str, coverage: str) -> None:
    (bindings / f"{name}.yaml").write_text(
        f"source: store\ncoverage: {coverage}\nstatus: in-force\nvalid_from: {VERSION}\n"
        "licence: CC0-1.0 (invented data)\n",
        encoding="utf-8",
    )
    data = folder / "data" / name
    data.mkdir(parents=True, exist_ok=True)
    (data / "current").write_text(VERSION + "\n", encoding="utf-8")
