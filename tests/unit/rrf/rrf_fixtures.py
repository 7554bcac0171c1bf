"""A tiny release in exact RRF layout, and the means to spoil it."""

import gzip
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bali.io.parquet import Provenance
from bali.rrf.source import Piece, RrfFile

NAMES = {"C9000001": "NA", "C9000002": "null", "C9000003": '5" nail, "stray', "C9000004": "β-Sitosterol\u2028∆9"}


def mrconso(cui: str, aui: str, name: str, **columns: str) -> str:
    """One row of MRCONSO.RRF; `columns` override the defaults by their RRF name."""
    row = dict(
        CUI=cui, LAT="ENG", TS="P", LUI="L1", STT="PF", SUI="S1", ISPREF="Y", AUI=aui, SAUI="", SCUI="", SDUI="",
        SAB="MSH", TTY="MH", CODE=f"D{aui[1:]}", STR=name, SRL="0", SUPPRESS="N", CVF="",
    )  # fmt: skip
    return line({**row, **columns})


def mrrel(tail: str, rel: str, head: str, rela: str = "", **columns: str) -> str:
    """One row of MRREL.RRF: it reads "head rela tail"."""
    row = dict(
        CUI1=tail, AUI1="A1", STYPE1="CUI", REL=rel, CUI2=head, AUI2="A2", STYPE2="CUI", RELA=rela, RUI="R1", SRUI="",
        SAB="MSH", SL="MSH", RG="", DIR="", SUPPRESS="N", CVF="",
    )  # fmt: skip
    return line({**row, **columns})


def mrsty(cui: str, tui: str, sty: str) -> str:
    """One row of MRSTY.RRF."""
    return line({"CUI": cui, "TUI": tui, "STN": "A1", "STY": sty, "ATUI": "AT1", "CVF": ""})


def mrdef(cui: str, text: str, sab: str = "MSH", suppress: str = "N") -> str:
    """One row of MRDEF.RRF."""
    return line([cui, "A1", "AT1", "", sab, text, suppress, ""])


def mrdoc(label: str, inverse: str, column: str = "RELA") -> str:
    """One row of MRDOC.RRF: the inverse of a label."""
    return line([column, label, f"{column.lower()}_inverse", inverse])


def mrfiles(name: str, num_rows: int | str = "", columns: str = "") -> str:
    """One row of MRFILES.RRF; `columns` joined by commas."""
    return line([name, "what it holds", columns, "", str(num_rows), ""])


def mrsab(sab: str, srl: str, current: str = "Y", version: str = "2026", licence: str = "", citation: str = "") -> str:
    """One row of MRSAB.RRF."""
    before = ["", "", f"{sab}{version}", sab, f"{sab} name", "", version, "", "", "", "", licence, ""]
    return line([*before, srl, *[""] * 7, current, "Y", "", citation])


def line(columns: Mapping[str, str] | Sequence[str]) -> str:
    """A row: every column ended by a pipe."""
    values = columns.values() if isinstance(columns, Mapping) else columns
    return "".join(f"{value}|" for value in values)


def release() -> dict[str, list[str]]:
    """Four concepts with awkward names, a synonym, rows for every filter, relations with their mirrors."""
    return {
        "MRCONSO.RRF": [
            *(mrconso(cui, f"A{number}", name) for number, (cui, name) in enumerate(NAMES.items(), 1)),
            mrconso("C9000001", "A5", "sodium", TS="S", STT="VO", ISPREF="N", TTY="ET"),
            mrconso("C9000001", "A6", "Natrium", LAT="GER", SAB="MSHGER"),
            mrconso("C9000002", "A7", "old name", SUPPRESS="O"),
            mrconso("C9000003", "A8", "licensed name", SAB="SNOMEDCT_US", SRL="9"),
            mrconso("C9000005", "A9", "only suppressed", SUPPRESS="Y"),
        ],
        "MRREL.RRF": [
            mrrel("C9000002", "CHD", "C9000001", "isa"),
            mrrel("C9000001", "PAR", "C9000002", "inverse_isa"),
            mrrel("C9000003", "CHD", "C9000002", "isa"),
            mrrel("C9000002", "PAR", "C9000003", "inverse_isa"),
            mrrel("C9000003", "RO", "C9000004", "may_treat", SAB="NDFRT"),
            mrrel("C9000003", "RO", "C9000004", "may_treat", RUI="R2"),
            mrrel("C9000003", "RO", "C9000004", "may_treat", RUI="R3"),
            mrrel("C9000001", "RO", "C9000001", "same_as"),
            mrrel("C9000005", "RO", "C9000001", "may_treat"),
            mrrel("C9000001", "RO", "C9000003", "finding_site_of", SAB="SNOMEDCT_US"),
            mrrel("C9000001", "RO", "C9000003", "may_treat", SUPPRESS="Y"),
        ],
        "MRSTY.RRF": [
            mrsty("C9000001", "T121", "Pharmacologic Substance"),
            mrsty("C9000001", "T197", "Inorganic Chemical"),
            mrsty("C9000002", "T047", "Disease or Syndrome"),
            mrsty("C9000003", "T074", "Medical Device"),
            mrsty("C9000005", "T047", "Disease or Syndrome"),
        ],
        "MRSAB.RRF": [
            mrsab("MSH", "0"),
            mrsab("MSH", "4", "N", "1999"),
            mrsab("SNOMEDCT_US", "9"),
            mrsab("NDFRT", "0"),
        ],
        "MRCUI.RRF": [
            line(["C9100001", "2020AA", "SY", "", "", "C9000001", "Y"]),
            line(["C9100002", "2020AA", "DEL", "", "", "", ""]),
        ],
        "MRDEF.RRF": [
            mrdef("C9000002", 'A "quoted" null.'),
            mrdef("C9000005", "Of a concept without a kept name."),
        ],
        "MRDOC.RRF": [
            mrdoc("isa", "inverse_isa"),
            mrdoc("inverse_isa", "isa"),
            mrdoc("CHD", "PAR", "REL"),
            line(["RELA", "isa", "expanded_form", "Is a"]),
        ],
    }  # fmt: skip


def write_release(folder: Path, tables: Mapping[str, Sequence[str]], suffix: str = "") -> dict[str, RrfFile]:
    """Write the rows as FILE.RRF or, with the suffix `.gz`, compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, RrfFile] = {}
    for name, rows in tables.items():
        path = folder / f"{name}{suffix}"
        data = encode(rows)
        path.write_bytes(gzip.compress(data) if suffix else data)
        files[name] = RrfFile(name, (Piece(path),))
    return files


def encode(rows: Sequence[str]) -> bytes:
    """Rows as the bytes of a file."""
    return "".join(f"{row}\n" for row in rows).encode()


def write_zip(path: Path, tables: Mapping[str, Sequence[str]], folder: str = "2026AA/META") -> Path:
    """Write the rows into a zip as NLM packs it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            archive.writestr(f"{folder}/{name}", encode(rows))
    return path


PROVENANCE = Provenance(artefact="", umls_release="tiny")
