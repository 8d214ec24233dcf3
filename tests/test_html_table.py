"""Tables of reports and notebooks."""

import xml.etree.ElementTree as xml

import pytest

from kerakit.html_table import escaped, html_table

NASTY = '<script>alert("x")</script> & \'</table>'


def test_a_table_by_hand():
    found = html_table(["", "rmse"], [["model", 0.5], ["mean", 12]], row_names=True)
    assert found == (
        '<table><thead><tr><th scope=col></th><th scope=col class="number">rmse</th></tr></thead>'
        '<tbody><tr><th scope=row>model</th><td class="number">0.5</td></tr>'
        '<tr><th scope=row>mean</th><td class="number">12</td></tr></tbody></table>'
    )


def test_whatever_a_cell_holds_is_escaped():
    found = html_table([NASTY], [[NASTY], [[NASTY]], [{NASTY: NASTY}]], css_class='a"b')
    tree = xml.fromstring(found.replace("scope=col", 'scope="col"'))
    assert tree.get("class") == 'a"b'
    assert [cell.text for cell in tree.iter("th")] == [NASTY]
    assert [cell.text for cell in tree.iter("td")][0] == NASTY
    assert {cell.tag for cell in tree.iter()} == {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (3, "3"), (1 / 3, "0.333333"), (None, "–"), (["é", 1], "[&quot;é&quot;, 1]")],
)
def test_values_as_text(value, text):
    assert escaped(value) == text
