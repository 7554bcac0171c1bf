"""Ingestion in plain Python, slow and plain: lists, sets and dictionaries, to compare with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bali.rrf import layouts
from bali.umls.filters import UmlsFilters

Rows = list[tuple[Any, ...]]
LAYOUTS = {layout.name: layout for layout in vars(layouts).values() if isinstance(layout, layouts.Layout)}


class Expected:
    """What `ingest` has to make of a release.

    Attributes:
        artefacts: name -> rows, in order.
        dropped: file -> reason -> rows.
    """

    def __init__(self, tables: Mapping[str, Sequence[str]], filters: UmlsFilters) -> None:
        self.tables = {name: _parse(name, rows) for name, rows in tables.items()}
        self.filters = filters
        self.dropped: dict[str, Counter[str]] = {name: Counter() for name in tables}
        self.artefacts: dict[str, Rows] = {}
        self.levels = self._levels()
        self._names()
        self._semantic_types()
        self._relations()
        self._definitions()

    def _levels(self) -> dict[str, int]:
        levels: dict[str, int] = {}
        for row in self.tables["MRCONSO.RRF"]:
            levels[row["SAB"]] = max(int(row["SRL"]), levels.get(row["SAB"], 0))
        return levels | {row["RSAB"]: int(row["SRL"]) for row in self.tables["MRSAB.RRF"]}

    def _drop(self, file: str, row: Mapping[str, str], faults: Mapping[str, bool]) -> bool:
        reason = next((reason for reason, found in faults.items() if found), None)
        if reason:
            self.dropped[file][reason] += 1
        return reason is not None

    def _source_faults(self, row: Mapping[str, str]) -> dict[str, bool]:
        f = self.filters
        return {
            "suppress": f.suppress is not None and row["SUPPRESS"] not in f.suppress,
            "source": (f.sources is not None and row["SAB"] not in f.sources) or row["SAB"] in f.exclude_sources,
        }

    def _names(self) -> None:
        f = self.filters
        typed = {row["CUI"] for row in self.tables["MRSTY.RRF"] if f.tuis is None or row["TUI"] in f.tuis}
        atoms: dict[tuple[str, str], list[dict[str, str]]] = {}
        for row in self.tables["MRCONSO.RRF"]:
            faults = {
                "language": f.languages is not None and row["LAT"] not in f.languages,
                **self._source_faults(row),
                "term type": f.term_types is not None and row["TTY"] not in f.term_types,
                "restriction level": int(row["SRL"]) > f.max_srl,
                "semantic type": f.tuis is not None and row["CUI"] not in typed,
            }
            if not self._drop("MRCONSO.RRF", row, faults):
                atoms.setdefault((row["CUI"], row["AUI"]), []).append(row)
        order = ("STR", "LAT", "SUPPRESS", "SAB", "TTY", "TS", "STT", "ISPREF", "SRL", "CODE")
        kept = [min(rows, key=lambda row: [row[c] for c in order]) for _, rows in sorted(atoms.items())]
        self.dropped["MRCONSO.RRF"]["duplicate row"] += sum(map(len, atoms.values())) - len(kept)
        counts = Counter(row["CUI"] for row in kept)
        self.names = [row for row in kept if counts[row["CUI"]] >= f.min_names]
        self.dropped["MRCONSO.RRF"]["few names"] += len(kept) - len(self.names)
        self.artefacts["names"] = [
            (r["CUI"], r["AUI"], r["STR"], r["SAB"], r["TTY"], not any(_demerits(r)), int(r["SRL"]), r["SUPPRESS"])
            for r in self.names
        ]
        codes = {(r["SAB"], r["CODE"], r["CUI"]) for r in self.names if r["CODE"] not in ("", "NOCODE")}
        self.artefacts["codes"] = sorted(codes)

    def _semantic_types(self) -> None:
        cuis = {row["CUI"] for row in self.names}
        types: dict[tuple[str, str], str] = {}
        for row in self.tables["MRSTY.RRF"]:
            key = (row["CUI"], row["TUI"])
            if not self._drop("MRSTY.RRF", row, {"CUI without a kept name": row["CUI"] not in cuis}):
                self.dropped["MRSTY.RRF"]["duplicate row"] += key in types
                types[key] = min(row["STY"], types.get(key, row["STY"]))
        self.artefacts["semantic_types"] = [(*key, sty) for key, sty in sorted(types.items())]
        concepts = []
        for cui in sorted(cuis):
            names = [row for row in self.names if row["CUI"] == cui]
            best = min(names, key=lambda r: (_demerits(r), r["SAB"], r["TTY"], r["AUI"]))
            concepts.append((cui, best["STR"], len(names), sorted(tui for other, tui in types if other == cui)))
        self.artefacts["concepts"] = concepts

    def _relations(self) -> None:
        f, cuis = self.filters, {row["CUI"] for row in self.names}
        table = {"PAR": "CHD", "CHD": "PAR", "RB": "RN", "RN": "RB", "AQ": "QB", "QB": "AQ"}
        stated = [row for row in self.tables["MRDOC.RRF"] if row["TYPE"].endswith("_inverse")]
        table |= {row["EXPL"]: row["VALUE"] for row in stated}
        table |= {row["VALUE"]: row["EXPL"] for row in stated}
        kept = []
        for row in self.tables["MRREL.RRF"]:
            labels = {row["REL"], row["RELA"]} - {""}
            labels |= {table[label] for label in labels & set(table)}
            faults = {
                **self._source_faults(row),
                "restriction level": self.levels.get(row["SAB"], 0) > f.max_srl,
                "relation": f.relations is not None and not labels & f.relations,
                "CUI without a kept name": not {row["CUI1"], row["CUI2"]} <= cuis,
            }
            if not self._drop("MRREL.RRF", row, faults):
                kept.append((row["CUI2"], row["CUI1"], row["REL"], row["RELA"], row["SAB"]))
        self.dropped["MRREL.RRF"]["duplicate row"] += len(kept) - len(set(kept))
        self.artefacts["relations"] = [
            (head, rel, rela, tail, sab, self.levels.get(sab, 0)) for head, tail, rel, rela, sab in sorted(set(kept))
        ]

    def _definitions(self) -> None:
        cuis, kept = {row["CUI"] for row in self.names}, []
        for row in self.tables["MRDEF.RRF"]:
            faults = {
                **self._source_faults(row),
                "restriction level": self.levels.get(row["SAB"], 0) > self.filters.max_srl,
                "CUI without a kept name": row["CUI"] not in cuis,
            }
            if not self._drop("MRDEF.RRF", row, faults):
                kept.append((row["CUI"], row["SAB"], row["DEF"]))
        self.dropped["MRDEF.RRF"]["duplicate row"] += len(kept) - len(set(kept))
        self.artefacts["definitions"] = sorted(set(kept))


def _parse(name: str, rows: Sequence[str]) -> list[dict[str, str]]:
    columns = LAYOUTS[name].columns
    return [dict(zip(columns, row.split("|")[:-1], strict=True)) for row in rows]


def _demerits(row: Mapping[str, str]) -> tuple[bool, bool, bool]:
    return row["TS"] != "P", row["STT"] != "PF", row["ISPREF"] != "Y"
