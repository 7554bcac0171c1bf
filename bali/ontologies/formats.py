"""Which format a release has: RxNorm, MedGen, OBO or KGX; each is transcribed into the RRF files of a UMLS release.

The format follows from the names of the files: RXNCONSO.RRF; MGCONSO.RRF or .csv; `*.obo`; nodes.tsv, `*_nodes.tsv` or
.jsonl. All may end with `.gz`. Where MRCONSO.RRF is there it is a plain UMLS release, whatever lies beside it.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bali.errors import InputError
from bali.ontologies import medgen, rxnorm
from bali.ontologies.kgx import transcribe_kgx
from bali.ontologies.medgen import transcribe_medgen
from bali.ontologies.obo_release import transcribe_obo
from bali.ontologies.rxnorm import transcribe_rxnorm
from bali.rrf.source import Piece, RrfFile, RrfSource

Found = Mapping[str, Sequence[RrfFile]]  # role -> files, in order of their names

_FOLDERS = (
    ".",
    "META",
    "rrf",
    "RRF",
    "csv",
)  # of a directory: RxNorm unpacks into rrf, MedGen has its CSV files in csv
_LEFT_OUT = "prescribe/"  # of RxNorm's zip: the prescribable subset of what the zip holds

_UMLS = re.compile(r"MRCONSO\.RRF(?:\.[a-z]{2})?")


@dataclass(frozen=True)
class _Format:
    """A format.

    Attributes:
        name: as errors call it.
        pattern: names of its files; the group `role` says which file it is.
        key: the role that tells the format.
        required: the roles that must be there.
        transcribe: makes the RRF files.
    """

    name: str
    pattern: re.Pattern[str]
    key: str
    required: tuple[str, ...]
    transcribe: Callable[[Found], dict[str, RrfSource]]

    def role(self, file_name: str) -> str:
        """The role of a file of this name; "" for none."""
        match = self.pattern.fullmatch(file_name)
        return match["role"] if match else ""


def transcribe(inputs: Sequence[Path]) -> dict[str, RrfSource] | None:
    """The release in `inputs` as RRF files; None where it is of none of these formats.

    Args:
        inputs: directories, zips or files.

    Returns:
        NLM's file name -> what can be read as that file; MRCONSO, MRREL and MRSTY are there.

    Raises:
        InputError: files of several formats, a required file is missing, or a file is there twice.
    """
    files = [file for path in inputs for file in _files_of(path)]
    format_ = _format_of(files, inputs)
    if format_ is None:
        return None
    found = defaultdict[str, list[RrfFile]](list)
    for file in sorted(files, key=lambda file: (file.name, str(file))):
        if role := format_.role(file.name):
            found[role].append(file)
    missing = [role for role in format_.required if role not in found]
    if missing:
        raise InputError(
            f"{', '.join(missing)}: not found in {', '.join(map(str, inputs))}. A release of {format_.name} needs"
            f" {', '.join(format_.required)}, each plain or as .gz."
        )
    return format_.transcribe(found)


def input_files(path: Path) -> list[Path] | None:
    """The files on disk that `transcribe([path])` reads, sorted; None where `path` is of none of these formats.

    Raises:
        InputError: files of several formats.
    """
    files = list(_files_of(path))
    format_ = _format_of(files, [path])
    if format_ is None:
        return None
    return sorted({one for file in files if format_.role(file.name) for one in file.paths()})


def _format_of(files: Sequence[RrfFile], inputs: Sequence[Path]) -> _Format | None:
    if any(_UMLS.fullmatch(file.name) for file in files):
        return None
    found = {}
    for format_ in _FORMATS:
        keys = [file for file in files if format_.role(file.name) == format_.key]
        if keys:
            found[format_] = keys[0]
    if len(found) > 1:
        examples = " and ".join(f"{file} ({format_.name})" for format_, file in found.items())
        raise InputError(
            f"{', '.join(map(str, inputs))}: expected a release of one format, found {examples}."
            " Give the files of one of them."
        )
    return next(iter(found), None)


def _files_of(path: Path) -> Iterator[RrfFile]:
    """The files at `path` that may be of a release, each under its name without `.gz`."""
    if path.is_dir():
        for folder in _FOLDERS:
            yield from (_file(Piece(file), file.name) for file in sorted((path / folder).glob("*")) if file.is_file())
    elif path.suffix == ".zip" and zipfile.is_zipfile(path):
        with Piece(path).open_zip() as archive:
            members = sorted(member for member in archive.namelist() if _LEFT_OUT not in member)
        yield from (_file(Piece(path, (member,)), PurePosixPath(member).name) for member in members)
    elif path.is_file():
        yield _file(Piece(path), path.name)


def _file(piece: Piece, file_name: str) -> RrfFile:
    return RrfFile(file_name.removesuffix(".gz"), (piece,))


def _transcribe_rxnorm(found: Found) -> dict[str, RrfSource]:
    return transcribe_rxnorm({role: _only(role, files) for role, files in found.items()})


def _transcribe_medgen(found: Found) -> dict[str, RrfSource]:
    for role, files in found.items():
        if len({PurePosixPath(file.name).suffix for file in files}) > 1 or len({file.name for file in files}) < len(
            files
        ):
            _only(role, files)
    return transcribe_medgen(found)


def _transcribe_obo(found: Found) -> dict[str, RrfSource]:
    inside = [file for file in found["obo"] if file.pieces[0].members]
    if inside:
        raise InputError(f"{inside[0]}: expected an OBO file, found it inside a zip. Unpack the zip.")
    return transcribe_obo([path for file in found["obo"] for path in file.paths()])


def _transcribe_kgx(found: Found) -> dict[str, RrfSource]:
    return transcribe_kgx(found["nodes"], found["edges"])


def _only(role: str, files: Iterable[RrfFile]) -> RrfFile:
    first, *others = files
    if others:
        raise InputError(f"{role}: expected once, found as {first} and as {others[0]}. Give one of them.")
    return first


_RXN = "|".join(re.escape(name) for name in rxnorm.REQUIRED + rxnorm.OPTIONAL)
_MG = "|".join(medgen.REQUIRED + medgen.OPTIONAL)
_FORMATS = (
    _Format("RxNorm", re.compile(f"(?P<role>{_RXN})"), rxnorm.REQUIRED[0], rxnorm.REQUIRED, _transcribe_rxnorm),
    _Format(
        "MedGen",
        re.compile(rf"(?P<role>{_MG})(?:_[0-9]+)?\.(?:RRF|csv)"),
        medgen.REQUIRED[0],
        medgen.REQUIRED,
        _transcribe_medgen,
    ),
    _Format("OBO", re.compile(r".+\.(?P<role>obo)"), "obo", ("obo",), _transcribe_obo),
    _Format(
        "KGX",
        re.compile(r"(?:.*[_.-])?(?P<role>nodes|edges)\.(?:tsv|jsonl)"),
        "nodes",
        ("nodes", "edges"),
        _transcribe_kgx,
    ),
)
