import matplotlib

from kerakit.evaluation.plots.fonts import drawable, font_families

UNKNOWN = "\U0010fffd"  # for private use: no font has a picture of it


def test_names_that_can_be_drawn_stay():
    names = ["été", "Ωμέγα", "кошка", "two words", "$5"]
    assert drawable(names) == names
    before = list(matplotlib.rcParams["font.family"])
    with font_families(names):
        assert list(matplotlib.rcParams["font.family"]) == before


def test_a_name_that_no_font_can_draw_becomes_its_number():
    assert drawable(["a", UNKNOWN, "b" + UNKNOWN]) == ["a", "class 1", "class 2"]


def test_fonts_of_the_machine_are_used_and_then_left():
    """A font with the character, here one of Matplotlib's own, is added to the default."""
    from matplotlib import font_manager

    from kerakit.evaluation.plots import fonts

    path = font_manager.findfont("STIXNonUnicode")
    characters = fonts._characters(path) - fonts._characters(font_manager.findfont("DejaVu Sans"))
    name = min(c for c in characters if "\ue000" <= c <= "\uf8ff")
    assert drawable([name]) == [name]
    before = list(matplotlib.rcParams["font.family"])
    with font_families([name]):
        assert len(matplotlib.rcParams["font.family"]) == 2
    assert list(matplotlib.rcParams["font.family"]) == before
