"""Addresses as people write them, brought to one form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CHINESE_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile("[零〇一二两三四五六七八九十百千]+(?=[号栋幢座楼单室弄巷期区组排])")
_COUNTED = re.compile("\\d+(?:号|栋|单元|单|楼|室|层|弄|巷|期|区|组|排)?")
_SAME = {
    "幢": "栋",
    "座": "栋",
    "号楼": "栋",
    "no.": "",
    "№": "",
    "street": "st",
    "road": "rd",
    "avenue": "ave",
    "lane": "ln",
    "building": "bldg",
    "улица": "ул",
    "дом": "д",
    "корпус": "к",
    "проспект": "пр",
    "переулок": "пер",
}


@dataclass(frozen=True)
class Address:
    """An address in parts.

    Attributes
    ----------
    text : str
        Normalised text.
    words : str
        Text without numbers and their counting words: street, compound, place.
    numbers : tuple of str
        Numbers in their order: house, building, unit, room.
    """

    text: str
    words: str
    numbers: tuple[str, ...]


def numeral(text: str) -> int:
    """Read a Chinese numeral up to thousands.

    Examples
    --------
    >>> numeral("二十三"), numeral("一百零五"), numeral("十"), numeral("一二")
    (23, 105, 10, 12)
    """
    if not any(unit in text for unit in _CHINESE_UNITS):
        return int("".join(str(_CHINESE_DIGITS[sign]) for sign in text))
    total, digit = 0, 0
    for sign in text:
        if sign in _CHINESE_UNITS:
            total += (digit or 1) * _CHINESE_UNITS[sign]
            digit = 0
        else:
            digit = _CHINESE_DIGITS[sign]
    return total + digit


def read_address(text: str) -> Address:
    """Normalise an address.

    Parameters
    ----------
    text : str
        As it was written: full-width signs, Chinese numerals, capitals, abbreviations and punctuation vary.

    Examples
    --------
    >>> read_address("人民路１２号３幢")
    Address(text='人民路12号3栋', words='人民路', numbers=('12', '3'))
    >>> read_address("人民路十二号三号楼").text == read_address("人民路12号3幢").text
    True
    >>> read_address("12, People's Road, Building 3").numbers
    ('12', '3')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = _NUMERAL.sub(lambda match: str(numeral(match.group())), plain)
    # a number and its 号 belong together before 号楼 can stand for a building
    for old, new in _SAME.items():
        pattern = re.escape(old) if not old.isascii() or "." in old else rf"\b{old}\b"
        plain = re.sub(pattern, new, plain)
    plain = re.sub(r"[^\w]+", " ", plain).strip()
    numbers = tuple(str(int(part)) for part in re.findall(r"\d+", plain))
    words = _COUNTED.sub(" ", plain)
    # Chinese words stand without spaces, wherever numbers were between them
    words = words.replace(" ", "") if _cjk(words) else re.sub(r"\s+", " ", words).strip()
    return Address(re.sub(r"\s+", " ", plain), words, numbers)


def _cjk(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)
