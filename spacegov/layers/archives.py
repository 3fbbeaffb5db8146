"""Archives that departments send: unpacked where no path leads out of the folder and no bomb fills the disk."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from spacegov.errors import UnreadableFile

MOST_MEMBERS = 10_000
MOST_BYTES = 64 << 30
LARGEST_RATIO = 200.0
"""Text packs to a tenth, rasters of one value to a hundredth; what packs better was made to fill disks."""
_SMALL = 64 << 20
_BLOCK = 1 << 20


def unpack(archive: Path, into: Path) -> list[Path]:
    """Unpack a zip archive.

    Parameters
    ----------
    archive : Path
        The archive.
    into : Path
        An existing folder.

    Returns
    -------
    list of Path
        Its files.

    Raises
    ------
    UnreadableFile
        It is no archive, cut off, locked by a password, names paths outside the folder, or grows beyond all measure.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            members = [member for member in file.infolist() if not member.is_dir()]
            _check(archive, members, shutil.disk_usage(into).free)
            return [_extract(archive, file, member, into) for member in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableFile(
            f"{archive}: it cannot be unpacked ({reason}); it is cut off or no zip archive, ask for it again"
        ) from None


def _check(archive: Path, members: list[zipfile.ZipInfo], free: int) -> None:
    if not members:
        raise UnreadableFile(f"{archive}: the archive holds no file; ask for it again")
    if len(members) > MOST_MEMBERS:
        raise UnreadableFile(
            f"{archive}: the archive holds {len(members)} files, {MOST_MEMBERS} are allowed; unpack it and import the "
            "files that belong to the layer"
        )
    for member in members:
        # zipfile has replaced other separators by / already; a drive or a root shows as an absolute path.
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise UnreadableFile(
                f"{archive}: it holds the path {member.filename!r}, which leads out of its folder; nothing was "
                "unpacked, ask for an archive of plain files"
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnreadableFile(
                f"{archive}: it holds the link {member.filename!r}; nothing was unpacked, ask for the file itself"
            )
        if member.flag_bits & 1:
            raise UnreadableFile(f"{archive}: it is locked by a password; unpack it first and import the folder")
    total = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    if total > _SMALL and total / packed > LARGEST_RATIO:
        raise UnreadableFile(
            f"{archive}: its {packed} bytes would unpack to {total}, {total / packed:.0f} times as many, which no real "
            "data do; nothing was unpacked"
        )
    if total > min(MOST_BYTES, free):
        raise UnreadableFile(
            f"{archive}: it would unpack to {total} bytes and {min(MOST_BYTES, free)} are allowed here; free space or "
            "unpack it elsewhere"
        )


def _extract(archive: Path, file: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> Path:
    target = into.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with file.open(member) as source, target.open("wb") as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            # What a header announces may be a lie.
            if written > member.file_size:
                raise UnreadableFile(
                    f"{archive}: {member.filename!r} is longer than it announces; it is no sound archive"
                )
            sink.write(block)
    return target
