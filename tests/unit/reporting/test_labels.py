from bali.reporting.labels import Placer, text_box


def test_a_label_takes_the_first_free_place():
    placer = Placer(200, 100)
    assert placer.place("abc", [(100, 50), (100, 80)]) == (100, 50)
    assert placer.place("abc", [(100, 50), (100, 80)]) == (100, 80)


def test_a_label_avoids_dots_and_the_edge():
    placer = Placer(200, 100)
    placer.reserve((100, 50), 8)
    assert placer.place("abc", [(100, 50), (2, 50), (150, 50)]) == (150, 50)


def test_text_box_is_centred():
    left, top, right, bottom = text_box((50, 20), "abcd")
    assert left + right == 100
    assert top < 20 < bottom
