"""A workspace of many layers, with words in three languages, for tests and benchmarks of the registry and the index."""

from __future__ import annotations

from pathlib import Path

WORDS = [
    ("farmland", "农田", "пашня"), ("forest", "森林", "лес"), ("wetland", "湿地", "болото"), ("river", "河流", "река"),
    ("road", "道路", "дорога"), ("pipeline", "管线", "трубопровод"), ("heritage", "遗产", "наследие"),
    ("school", "学校", "школа"), ("clinic", "诊所", "больница"), ("floodplain", "洪泛区", "пойма"),
    ("slope", "坡地", "склон"), ("mine", "矿山", "шахта"), ("park", "公园", "парк"), ("market", "市场", "рынок"),
    ("village", "村庄", "деревня"), ("harbour", "港口", "порт"), ("grassland", "草地", "луг"),
    ("orchard", "果园", "сад"), ("power line", "电力线", "линия электропередачи"), ("well", "水源", "водозабор"),
]  # fmt: skip
STEWARDS = ("natural-resources", "agriculture", "environment", "water", "transport")

_CARD = """title: {{en: "{en} {number}", zh: {zh}{number}, ru: {ru} {number}}}
about: Layer {number} of {count}, on {word}, made to measure how many layers a registry carries.
kind: Polygons
level: county
steward: made-{steward}
sharing: {{class: open}}
fields:
  unit_id: {{type: string, title: {{en: Unit, zh: 单元, ru: Единица}}, required: true, unique: true}}
  use: {{type: code, title: {{en: Use, zh: 用途, ru: Вид}}, codes: {{a: {{en: A}}, b: {{en: B}}}}}}
  area: {{type: number, unit: m², title: {{en: Area, zh: 面积, ru: Площадь}}}}
quality: {{tier: A, topology: no-overlap}}
restriction: {{theme: {theme}, min_area_m2: 1, documents: [{{title: Order {number}, date: '2025-01-01'}}]}}
style: {{colour: farmland}}
update: yearly
"""


def write_large_workspace(folder: Path, count: int) -> list[str]:
    """Write a workspace with cards and bindings of many layers.

    Parameters
    ----------
    folder : Path
        Its folder.
    count : int
        Layers.

    Returns
    -------
    list of str
        Their ids.
    """
    (folder / "layers/bindings").mkdir(parents=True)
    (folder / "workspace.yaml").write_text("name: {en: Large}\ncrs: EPSG:4549\nunits: {}\n", encoding="utf-8")
    departments = [f"made-{name}: {{title: {{en: Made {name}}}, code: M{n}}}\n" for n, name in enumerate(STEWARDS)]
    (folder / "layers/stewards.yaml").write_text("".join(departments), encoding="utf-8")
    names = []
    for number in range(count):
        space = ("natural", "artificial", "planned")[number % 3]
        en, zh, ru = WORDS[number % len(WORDS)]
        name = f"made-{en.replace(' ', '-')}-{number:04d}"
        card = _CARD.format(
            en=en.capitalize(), zh=zh, ru=ru, number=number, count=count, word=en, theme=en.replace(" ", "-"),
            steward=STEWARDS[number % len(STEWARDS)],
        )  # fmt: skip
        path = folder / "layers" / space / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(card, encoding="utf-8")
        names.append(f"{space}.{name}")
        status = "draft" if number % 7 == 0 else "in-force"
        binding = f"source: store\nstatus: {status}\nvalid_from: 2025-01-01\n"
        (folder / "layers/bindings" / f"{names[-1]}.yaml").write_text(binding, encoding="utf-8")
    return names
