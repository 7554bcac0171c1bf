"""Names that look like those of a Metathesaurus: Zipfian words, log-normal lengths, awkward characters."""

import numpy as np
import numpy.typing as npt

from benchmarks.rrf_kernels import Vocabulary, make_pool

NUM_WORDS = 200_000  # estimate: distinct words of MRCONSO, numerals and codes apart

_FREQUENT = """
of and in to with the disorder acute left right cell oral tablet MG product structure disease syndrome protein human
entire congenital chronic infection injury antibody blood serum plasma finding procedure by on for type due carcinoma
malignant neoplasm benign mass substance bone lower upper artery open fracture closed skin pain tissue receptor virus
gene ML solution injection extract acid sodium hydrochloride capsule topical level measurement level sp. unidentified
1 2 3 10 100 500 subsp. var. alpha beta IgG IgE Ab [Mass/volume] [Units/volume] kidney liver lung heart brain eye
mouth hand foot history at site not unspecified other initial encounter subsequent
"""
_ONSETS = "b c d f g h k l m n p r s t v ch ph th cr gl pl st tr br sp"
_VOWELS = "a e i o u y ae io eu ia"
_ENDINGS = "itis osis ine ase oma al ic us um ate ide emia pathy ectomy olol mab in an one yl ous tion"
_ACCENTED = """
β-sitostérol Ménière Sjögren α-tocopherol café-au-lait hémorragie síndrome niño coração Ödem µg γ-globulin κ-casein
Behçet Guillain-Barré Λ-chain Δ9-THC Waldenström naïve façade Å Öffnung ligação infección lésion żółć
糖尿病 高血圧 당뇨병 болезнь синдром νόσος ‘quoted’ “quoted” 5′-phosphate ≥10 ±2 10–20 ™
"""
_AWKWARD = [
    "NA",
    "null",
    "None",
    "nan",
    "NULL",
    "N/A",
    "#N/A",
    '"',
    '""',
    "'",
    "-",
    "1",
    "0.5",
    "True",
    '"quoted" name',
]
_JOINTS = {" ": 216, ", ": 16, "-": 12, "/": 5, " (": 2, "; ": 1, " - ": 2, ' "': 1, "'s ": 1}
_NAME_ENDINGS = {
    "": 190, " (disorder)": 14, " (procedure)": 7, " (finding)": 7, " (product)": 4, " NOS": 6, ", unspecified": 4,
    " 10 MG Oral Tablet": 4, " [MeSH]": 2, ")": 4, " <1>": 2, " (human)": 4, '"': 1, " in Serum or Plasma": 4,
    " sp.": 2, " [Dup] ": 1,
}  # fmt: skip


def make_vocabulary(seed: int) -> Vocabulary:
    """Words and drawing tables.

    Word of rank r is drawn with a probability near 1 / r (Zipf), as in any collection of names. Joints, endings and
    awkward names are estimates: what occurs in the open sources, in shares that give each some thousand rows.
    """
    rng = np.random.default_rng((seed, 1))
    ranks = np.floor(NUM_WORDS ** ((np.arange(1 << 20) + 0.5) / (1 << 20))) - 1  # log-uniform ranks: Zipf, exponent 1
    return Vocabulary(
        words=make_pool(_make_words(rng)),
        draw_word=ranks.astype(np.int32),
        joints=make_pool(list(_JOINTS)),
        draw_joint=_repeat(_JOINTS),
        endings=make_pool(list(_NAME_ENDINGS)),
        draw_ending=_repeat(_NAME_ENDINGS),
        accented=make_pool(_ACCENTED.split()),
        awkward=make_pool(_AWKWARD),
        lengths=name_lengths(rng),
    )


def name_lengths(rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Bytes after which a name gets no further word, shape (4096,): log-normal, median 22, 420 at most.

    With the last word and the ending, names have 36 bytes in the mean (estimate: 35 to 40 in a release).
    """
    return np.clip(rng.lognormal(np.log(22), 0.75, 4096), 2, 420).astype(np.int32)


def _make_words(rng: np.random.Generator) -> list[str]:
    """Frequent real words, then pseudo-words of one to four syllables, an ending, and numerals among them."""
    words = _FREQUENT.split()
    endings = _ENDINGS.split()
    syllables = [onset + vowel for onset in _ONSETS.split() for vowel in _VOWELS.split()]
    chosen = rng.integers(0, len(syllables), (NUM_WORDS, 4))
    lengths, ends = rng.integers(1, 4, NUM_WORDS), rng.integers(0, len(endings), NUM_WORDS)
    numerals = rng.random(NUM_WORDS) < 0.08
    for row in range(len(words), NUM_WORDS):
        if numerals[row]:
            words.append(str(row % 9973) if row % 3 else f"{row % 31},{row % 17}")
        else:
            words.append("".join(syllables[i] for i in chosen[row, : lengths[row]]) + endings[ends[row]])
    return words


def _repeat(weights: dict[str, int]) -> npt.NDArray[np.int32]:
    """Each text's number as often as its weight says, shape (256,)."""
    table = np.repeat(np.arange(len(weights), dtype=np.int32), list(weights.values()))
    assert len(table) == 256, f"the weights must sum to 256, they sum to {len(table)}"
    return table
