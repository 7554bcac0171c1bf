"""The 127 semantic types of UMLS by number and name (NLM, Semantic Network, SRDEF)."""

_TYPES = (
    "001 Organism; 002 Plant; 004 Fungus; 005 Virus; 007 Bacterium; 008 Animal; 010 Vertebrate; 011 Amphibian; 012 "
    "Bird; 013 Fish; 014 Reptile; 015 Mammal; 016 Human; 017 Anatomical Structure; 018 Embryonic Structure; 019 "
    "Congenital Abnormality; 020 Acquired Abnormality; 021 Fully Formed Anatomical Structure; 022 Body System; 023 "
    "Body Part, Organ, or Organ Component; 024 Tissue; 025 Cell; 026 Cell Component; 028 Gene or Genome; 029 Body "
    "Location or Region; 030 Body Space or Junction; 031 Body Substance; 032 Organism Attribute; 033 Finding; 034 "
    "Laboratory or Test Result; 037 Injury or Poisoning; 038 Biologic Function; 039 Physiologic Function; 040 "
    "Organism Function; 041 Mental Process; 042 Organ or Tissue Function; 043 Cell Function; 044 Molecular "
    "Function; 045 Genetic Function; 046 Pathologic Function; 047 Disease or Syndrome; 048 Mental or Behavioral "
    "Dysfunction; 049 Cell or Molecular Dysfunction; 050 Experimental Model of Disease; 051 Event; 052 Activity; "
    "053 Behavior; 054 Social Behavior; 055 Individual Behavior; 056 Daily or Recreational Activity; 057 "
    "Occupational Activity; 058 Health Care Activity; 059 Laboratory Procedure; 060 Diagnostic Procedure; 061 "
    "Therapeutic or Preventive Procedure; 062 Research Activity; 063 Molecular Biology Research Technique; 064 "
    "Governmental or Regulatory Activity; 065 Educational Activity; 066 Machine Activity; 067 Phenomenon or "
    "Process; 068 Human-caused Phenomenon or Process; 069 Environmental Effect of Humans; 070 Natural Phenomenon or "
    "Process; 071 Entity; 072 Physical Object; 073 Manufactured Object; 074 Medical Device; 075 Research Device; "
    "077 Conceptual Entity; 078 Idea or Concept; 079 Temporal Concept; 080 Qualitative Concept; 081 Quantitative "
    "Concept; 082 Spatial Concept; 083 Geographic Area; 085 Molecular Sequence; 086 Nucleotide Sequence; 087 Amino "
    "Acid Sequence; 088 Carbohydrate Sequence; 089 Regulation or Law; 090 Occupation or Discipline; 091 Biomedical "
    "Occupation or Discipline; 092 Organization; 093 Health Care Related Organization; 094 Professional Society; "
    "095 Self-help or Relief Organization; 096 Group; 097 Professional or Occupational Group; 098 Population Group; "
    "099 Family Group; 100 Age Group; 101 Patient or Disabled Group; 102 Group Attribute; 103 Chemical; 104 "
    "Chemical Viewed Structurally; 109 Organic Chemical; 114 Nucleic Acid, Nucleoside, or Nucleotide; 116 Amino "
    "Acid, Peptide, or Protein; 120 Chemical Viewed Functionally; 121 Pharmacologic Substance; 122 Biomedical or "
    "Dental Material; 123 Biologically Active Substance; 125 Hormone; 126 Enzyme; 127 Vitamin; 129 Immunologic "
    "Factor; 130 Indicator, Reagent, or Diagnostic Aid; 131 Hazardous or Poisonous Substance; 167 Substance; 168 "
    "Food; 169 Functional Concept; 170 Intellectual Product; 171 Language; 184 Sign or Symptom; 185 Classification; "
    "190 Anatomical Abnormality; 191 Neoplastic Process; 192 Receptor; 194 Archaeon; 195 Antibiotic; 196 Element, "
    "Ion, or Isotope; 197 Inorganic Chemical; 200 Clinical Drug; 201 Clinical Attribute; 203 Drug Delivery Device; "
    "204 Eukaryote "
)
# Estimate: the types of most concepts in a release, the most frequent first.
_FREQUENT = """
T204 T109 T002 T061 T033 T200 T116 T201 T007 T047 T028 T023 T037 T074 T121 T015 T013 T012 T059 T060 T191 T004 T005 T014
T123 T046 T170 T029 T034 T184 T026 T025 T043 T044 T045 T019 T190 T114 T197 T083
"""


def make_semantic_types() -> list[tuple[str, str, str]]:
    """(TUI, STN, STY) of each semantic type, ordered by TUI; the tree number is invented, of the right look."""
    types = []
    for number, entry in enumerate(_TYPES.split("; ")):
        digits, name = entry.strip().split(" ", 1)
        types.append((f"T{digits}", f"{'AB'[number % 2]}{1 + number % 2}.{1 + number // 40}.{1 + number % 9}", name))
    return types


def types_by_frequency() -> list[int]:
    """Places in `make_semantic_types` of the types, the one of most concepts first."""
    tuis = [tui for tui, _, _ in make_semantic_types()]
    frequent = _FREQUENT.split()
    return [tuis.index(tui) for tui in (*frequent, *(tui for tui in tuis if tui not in frequent))]
