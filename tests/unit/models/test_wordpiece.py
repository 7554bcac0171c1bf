import subprocess
import sys

from bali.models.wordpiece import SPECIAL_TOKENS, count_words, learn_vocabulary, make_tokenizer

SCRIPT = """
from bali.models.wordpiece import count_words, learn_vocabulary
words = {f"{a}{b}{c}{a}": 2 + (ord(a) * ord(b)) % 3 for a in "abcdefg" for b in "hijkl" for c in "mnop"}
print(learn_vocabulary(words, 150))
"""


def test_the_most_frequent_pair_is_merged_first_and_ties_go_by_order():
    words = {"aab": 5, "aac": 2, "zb": 5}
    learnt = learn_vocabulary(words, 100)
    assert learnt[:5] == list(SPECIAL_TOKENS)
    assert learnt[5:10] == ["##a", "##b", "##c", "a", "z"]
    assert learnt[10:] == ["aa", "aab", "zb", "aac"]


def test_the_size_is_kept_and_rare_pairs_are_not_merged():
    words = count_words(["renal failure of the kidney", "renal disease of the kidneys"])
    assert words["renal"] == 2
    assert len(learn_vocabulary(words, 40)) <= 40
    assert "renal" in learn_vocabulary(words, 400)
    assert "disease" not in learn_vocabulary(words, 400), "its pairs occur once"


def test_words_are_lower_cased_and_stripped_of_accents():
    assert count_words(["Ménière's"]) == {"meniere": 1, "'": 1, "s": 1}


def test_every_word_of_the_corpus_becomes_pieces_that_spell_it():
    texts = ["renal failures", "failing kidneys", "fail"] * 2
    tokenizer = make_tokenizer(learn_vocabulary(count_words(texts), 60), 32)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("failing renal failures", add_special_tokens=False)["input_ids"])
    assert "".join(tokens).replace("##", "") == "failingrenalfailures"


def test_processes_with_other_hash_seeds_learn_the_same():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    (output,) = outputs
    assert len(output) > 500
