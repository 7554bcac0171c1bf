"""The sources of the open Metathesaurus: their licences, and the files that hold them. The tables lie in `data/`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bali.errors import InputError
from bali.ontologies.tables import read_table
from bali.vocabulary import Sab

DATA = Path(__file__).parent / "data"
_COMPRESSED = (".gz", ".zip")
_RAW = "{base}/{repository}/{commit}/{path}"
RAW_ADDRESS = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class Licence:
    """A licence that the build accepts.

    Attributes:
        name: SPDX name, or PUBLIC-DOMAIN.
        address: its text.
        is_share_alike: what is made with the source has to carry the same licence.
        spellings: parts of a text that name the licence.
    """

    name: str
    address: str
    is_share_alike: bool
    spellings: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A source: SAB, official name, version, licence, citation, and its place in the order of preference of names."""

    sab: Sab
    name: str
    version: str
    licence: Licence
    citation: str
    rank: int


@dataclass(frozen=True)
class SourceFile:
    """A file of a source.

    Attributes:
        sab: the source.
        folder: the folder that holds it.
        name: its name without `.gz` or `.zip`.
        repository: owner/name of the GitHub repository it comes from.
        commit: the version of the repository.
        path: its path there.
        blob: its git blob id, SHA-1 of `blob SIZE`, a zero byte and the content.
    """

    sab: Sab
    folder: str
    name: str
    repository: str
    commit: str
    path: str
    blob: str

    @property
    def download_name(self) -> str:
        """The name of the file as it comes from the repository: with `.gz` or `.zip` where it is compressed there."""
        suffix = Path(self.path).suffix
        return self.name + suffix if suffix in _COMPRESSED else self.name

    def address(self, base: str = RAW_ADDRESS) -> str:
        """Where the file can be downloaded."""
        return _RAW.format(base=base, repository=self.repository, commit=self.commit, path=self.path)


def read_licences() -> dict[str, Licence]:
    """The accepted licences by name."""
    rows = read_table(DATA / "licences.tsv", ("licence", "address", "share_alike", "spellings"))
    return {name: Licence(name, address, alike == "yes", tuple(s.split("|"))) for name, address, alike, s in rows}


def read_sources() -> dict[Sab, Source]:
    """The sources by SAB, the preferred first."""
    licences = read_licences()
    rows = read_table(DATA / "sources.tsv", ("sab", "name", "version", "licence", "citation"))
    return {
        sab: Source(sab, name, version, licences[licence], citation, rank)
        for rank, (sab, name, version, licence, citation) in enumerate(rows)
    }


def read_files() -> list[SourceFile]:
    """The files of all sources."""
    columns = ("sab", "folder", "name", "repository", "commit", "path", "blob")
    return [SourceFile(*row) for row in read_table(DATA / "files.tsv", columns)]


def choose_sources(exclude: Collection[Sab]) -> dict[Sab, Source]:
    """The sources without the excluded ones.

    Raises:
        InputError: an excluded source does not exist.
    """
    sources = read_sources()
    if unknown := sorted(set(exclude) - sources.keys()):
        raise InputError(f"--exclude: {', '.join(unknown)} is no source. Known are {', '.join(sources)}.")
    return {sab: source for sab, source in sources.items() if sab not in exclude}


def locate_files(folder: Path, files: Iterable[SourceFile]) -> dict[str, Path]:
    """The files by name, each in `folder` itself or in its own sub-folder, plain, `.gz` or `.zip`.

    Raises:
        InputError: the folder or a file is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Give the folder that holds the ontologies, or leave --from out.")
    found: dict[str, Path] = {}
    for file in files:
        candidates = [
            place / (file.name + suffix) for place in (folder / file.folder, folder) for suffix in ("", *_COMPRESSED)
        ]
        existing = [path for path in candidates if path.is_file()]
        if not existing:
            raise InputError(
                f"{folder / file.folder / file.name}: not found (nor as .gz, .zip, nor in {folder} itself)."
                f" It is {file.path} of github.com/{file.repository}; or leave the source out: --exclude {file.sab}."
            )
        found[file.name] = existing[0]
    return found


def check_licence(found: str, path: Path) -> None:
    """Refuse a file that names a licence which is not among the accepted ones; "" is a file that names none.

    Raises:
        InputError: the licence is not known.
    """
    licences = read_licences().values()
    if found and not any(
        spelling.lower() in found.lower() for one in licences for spelling in (one.name, *one.spellings)
    ):
        raise InputError(
            f"{path}: expected one of the licences {', '.join(one.name for one in licences)}, found {found[:80]!r}."
            " Check whether the file may be used; then leave its source out with --exclude."
        )
