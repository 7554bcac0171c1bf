"""Where the RRF files of a release lie: in a directory or a zip (also a zip in a zip), plain, gzipped or split."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from bali.errors import InputError
from bali.rrf import layouts
from bali.rrf.source import Piece, RrfFile, RrfSource

REQUIRED = (layouts.MRCONSO.name, layouts.MRREL.name, layouts.MRSTY.name)
OPTIONAL = tuple(
    layout.name
    for layout in (
        layouts.MRSAB,
        layouts.MRCUI,
        layouts.MERGEDCUI,
        layouts.MRDEF,
        layouts.MRDOC,
        layouts.MRFILES,
        layouts.MRCOLS,
    )
)
# MRREL.RRF, MRREL.RRF.gz, MRREL.RRF.ab.gz
_FILE = re.compile(r"(?P<name>[A-Z]+\.RRF)(\.(?P<piece>(?!gz$)[a-z]{2}))?(\.gz)?")
_FOLDERS = (".", "META", "CHANGE", "META/CHANGE")  # of a directory, as NLM's zips unpack
_NLM = ".nlm"  # NLM's archives for MetamorphoSys; zip files that hold split, gzipped RRF files
_FIRST_PIECE = "aa"
_DEEPEST = 2  # zips around a zip; NLM packs one in another
_MOST_ARCHIVES = 100  # opened in a zip: each may hold as many again


def locate(inputs: Iterable[Path]) -> dict[str, RrfSource]:
    """Find the RRF files in a META directory, a zip (at any depth), or a list of files.

    A directory is searched itself and in its folders META and CHANGE, as NLM's zips unpack. RRF files that are not read
    here (MRSAT.RRF, MRHIER.RRF, ...) are passed over.

    Returns:
        NLM's file name -> where it lies; the three required files are there, the optional ones where found.

    Raises:
        InputError: an input does not exist, a required file or a piece of one is missing, or a file is there twice.
    """
    inputs = list(inputs)
    found: dict[str, dict[str, Piece]] = {}  # name -> suffix of the piece, "" for a whole file -> where it lies
    for path in inputs:
        for name, suffix, piece in _pieces_of(path):
            others = found.setdefault(name, {})
            same = others.get(suffix) or (others.get("") if suffix else next(iter(others.values()), None))
            if same:
                raise InputError(f"{name}: expected once, found as {same} and as {piece}. Give one of them.")
            others[suffix] = piece
    files: dict[str, RrfSource] = {name: _join(name, pieces) for name, pieces in found.items()}
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise InputError(_explain_missing(missing, inputs))
    return files


def release_files(path: Path) -> list[Path]:
    """The files on disk that `locate([path])` may read, sorted: RRF files of a directory, or the file itself."""
    return sorted(set(_rrf_files(path))) if path.is_dir() else [path]


def input_paths(files: Mapping[str, RrfSource]) -> list[Path]:
    """The files on disk that hold the release, each once, sorted."""
    return sorted({path for file in files.values() for path in file.paths()})


def _pieces_of(path: Path) -> Iterator[tuple[str, str, Piece]]:
    """Each RRF file that we read, or each piece of one, at `path`."""
    if not path.exists():
        raise InputError(f"{path}: no such file or directory. Expected a META directory, a zip, or RRF files.")
    if path.is_dir():
        yield from (found for file in _rrf_files(path) for found in _recognise(file.name, Piece(file)))
    elif _FILE.fullmatch(path.name):
        yield from _recognise(path.name, Piece(path))
    elif zipfile.is_zipfile(path) and path.suffix != _NLM:
        yield from _pieces_in_zip(Piece(path), iter(range(_MOST_ARCHIVES)))
    elif path.suffix == ".zip":
        raise InputError(
            f"{path}: expected a zip file, but its directory of contents is missing or damaged. Download it again."
        )
    else:
        raise InputError(
            f"{path}: expected a META directory, a zip, or one of {', '.join(REQUIRED + OPTIONAL)}, or its .gz."
            f"{_NLM_HINT if path.suffix == _NLM else ''}"
        )


def _rrf_files(folder: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        yield from (file for file in sorted((folder / name).glob("*.RRF*")) if any(_recognise(file.name, Piece(file))))


def _pieces_in_zip(archive: Piece, budget: Iterator[int]) -> Iterator[tuple[str, str, Piece]]:
    if len(archive.members) > _DEEPEST or next(budget, None) is None:
        raise InputError(
            f"{archive}: expected at most {_MOST_ARCHIVES} zips, {_DEEPEST} deep, in the zip of a release, got more."
            " Unpack it, and give the folder with the RRF files."
        )
    with archive.open_zip() as opened:
        members = sorted(opened.namelist())
    for member in members:
        inside = Piece(archive.path, (*archive.members, member))
        yield from _recognise(PurePosixPath(member).name, inside)
        if member.endswith(".zip"):
            yield from _pieces_in_zip(inside, budget)


def _recognise(file_name: str, piece: Piece) -> Iterator[tuple[str, str, Piece]]:
    match = _FILE.fullmatch(file_name)
    if match and match["name"] in REQUIRED + OPTIONAL:
        yield match["name"], match["piece"] or "", piece


def _join(name: str, pieces: Mapping[str, Piece]) -> RrfFile:
    """The pieces of a file in order; none may be missing between the first and the last."""
    suffixes = sorted(pieces)
    if suffixes != [""]:
        expected = _FIRST_PIECE
        for suffix in suffixes:
            if suffix != expected:
                raise InputError(
                    f"{name}: expected the piece {name}.{expected} before {pieces[suffix]}, found none."
                    " Copy all pieces of the file into one folder."
                )
            expected = _next_suffix(suffix)
    return RrfFile(name, tuple(pieces[suffix] for suffix in suffixes))


def _next_suffix(suffix: str) -> str:
    first, second = suffix[0], suffix[1]
    return first + chr(ord(second) + 1) if second != "z" else chr(ord(first) + 1) + "a"


def _explain_missing(missing: Iterable[str], inputs: Iterable[Path]) -> str:
    looked = ", ".join(map(str, inputs)) or "nothing"
    hint = _NLM_HINT if any(_holds_nlm(path) for path in inputs) else ""
    return (
        f"{', '.join(missing)}: not found (nor as .gz) in {looked}.{hint}"
        " Give the release's META directory, its zip, or the RRF files; MetamorphoSys makes them of a full release."
    )


_NLM_HINT = (
    " The .nlm archives in it have to be extracted first: run MetamorphoSys, or unzip each of them and give the folder"
    " with the RRF files."
)


def _holds_nlm(path: Path) -> bool:
    if path.is_dir():
        return any(path.rglob(f"*{_NLM}"))
    if not zipfile.is_zipfile(path):
        return path.suffix == _NLM
    with Piece(path).open_zip() as archive:
        return any(member.endswith(_NLM) for member in archive.namelist())
