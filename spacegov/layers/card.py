"""What a layer is: its card, its department, its code schemes, and how a workspace binds it to data."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from spacegov.cards import Card
from spacegov.text import Text

Space: TypeAlias = Literal["natural", "artificial", "planned"]
SPACES: tuple[Space, ...] = ("natural", "artificial", "planned")
Kind: TypeAlias = Literal["Polygons", "Lines", "Points", "Raster", "Table"]
SharingClass: TypeAlias = Literal["open", "conditional", "restricted"]
Status: TypeAlias = Literal["draft", "in-force", "superseded"]
OnFault: TypeAlias = Literal["reject", "repair", "accept"]


_ONE_OR_MANY = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Steward(Card):
    """A department that keeps layers."""

    title: Text
    code: str


class Code(Card):
    """One value of a code list."""

    title: Text
    colour: str | None = None
    about: Text | str | None = None


class Scheme(Card):
    """A classification that several layers share; its codes are text and keep their leading zeros."""

    id: str
    title: Text
    source: str
    version: str
    codes: dict[str, Code]


class LayerField(Card):
    """One field of a layer."""

    type: Literal["string", "integer", "number", "boolean", "date", "code"]
    title: Text
    about: Text | str | None = None
    unit: str | None = None
    required: bool = False
    unique: bool = False
    range: tuple[float | date, float | date] | None = None
    scheme: str | None = None
    codes: dict[str, Code | Text] | None = None
    role: str | None = None
    names: tuple[str, ...] = ()
    """Other names under which departments deliver the field, such as `DLBM`."""

    @model_validator(mode="after")
    def _codes_for_codes(self) -> LayerField:
        if self.type == "code" and not (self.scheme or self.codes):
            raise ValueError("a scheme or codes beside type: code")
        return self


class Sharing(Card):
    """Who may have the layer."""

    model_config = Card.model_config | {"populate_by_name": True}

    class_: SharingClass = Field(alias="class")
    reason: Text | str | None = None

    @model_validator(mode="after")
    def _reason(self) -> Sharing:
        if self.class_ != "open" and not self.reason:
            raise ValueError("a reason beside every class but open, since sharing is the principle")
        return self


class Quality(Card):
    """What the layer promises."""

    tier: Literal["A", "B", "C"]
    min_area_m2: float | None = None
    topology: Literal["none", "partition", "no-overlap", "connected"] = "none"
    on_fault: OnFault = "reject"
    """What an import does with records at fault: refuse the delivery, repair them, or take them with a mark."""


class Document(Card):
    """A legal document behind a restriction."""

    title: Text | str
    date: date
    article: str | None = None
    number: str | None = None


class Restriction(Card):
    """What an extract says of the layer, and from which size on."""

    theme: str
    title: Text | None = None
    min_area_m2: float = 0.0
    min_share: float = 0.0
    documents: tuple[Document, ...] = ()


class LayerCard(Card):
    """What a layer is, wherever its data lie."""

    id: str
    space: Space
    title: Text
    about: Text | str
    kind: Kind
    level: Literal["province", "city", "county"] = "county"
    steward: str
    sharing: Sharing
    fields: dict[str, LayerField] = Field(default={})
    quality: Quality
    restriction: Restriction | None = None
    style: dict[str, Any] = Field(default={})
    update: str | None = None
    cites: Annotated[tuple[str, ...], BeforeValidator(_one_or_many), WithJsonSchema(_ONE_OR_MANY)] = ()

    @property
    def cells(self) -> Literal["either", "values", "codes"]:
        """What a raster's cells hold by the type of its field: codes, or values that may be interpolated."""
        if self.kind != "Raster" or len(self.fields) != 1:
            return "either"
        field = next(iter(self.fields.values()))
        coded = field.codes or field.scheme
        return "values" if field.type in {"number", "integer"} and not coded else "codes"


class Binding(Card):
    """How a workspace gives a layer its data.

    `source` is `store` for the workspace's own folder, else a path relative to the workspace that GDAL reads, with
    `:sublayer` after it where a file holds several.
    """

    source: str = "store"
    coverage: str = "whole"
    status: Status = "in-force"
    valid_from: date | None = None
    valid_to: date | None = None
    licence: str | None = None
    note: Text | str | None = None
