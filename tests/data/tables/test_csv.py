"""Tables in files."""

import gzip
import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from kerakit.data import load_csv
from kerakit.errors import DataError

ROWS = [f"{row % 7},{'red' if row % 2 else 'white'},{row % 3}" for row in range(30)]
TABLE = "alcohol,type,quality\n" + "\n".join(ROWS) + "\n"


def test_a_table_becomes_features_target_and_splits(write):
    data = load_csv(write(TABLE), "quality")
    assert data.spec.sizes == {"train": 19, "validation": 5, "test": 6}
    assert data.spec.feature_names == ("alcohol", "type")
    assert data.spec.dataset == "table.csv"
    train = data.table("train")
    assert train.features["alcohol"].dtype == np.float32
    assert train.features["type"].dtype == object
    np.testing.assert_allclose(data.spec.features[0].mean, train.features["alcohol"].mean())


def test_the_same_seed_gives_the_same_rows(write):
    path = write(TABLE)
    first, again, other = (load_csv(path, "quality", seed=s) for s in (1, 1, 2))
    same = [d.table("test").features["alcohol"].tolist() for d in (first, again, other)]
    assert same[0] == same[1] != same[2]
    assert first.spec == again.spec


def test_validation_can_be_none(write):
    data = load_csv(write(TABLE), "quality", validation_size=0)
    assert data.table("validation") is None and data.validation is None
    assert data.spec.sizes == {"train": 24, "validation": 0, "test": 6}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(write, separator):
    data = load_csv(write(TABLE.replace(",", separator)), "quality")
    assert data.spec.feature_names == ("alcohol", "type")


def test_a_separator_inside_quotes_or_as_decimal_comma_does_not_mislead(write):
    text = "name;size;y\n" + '"a;b";1,5;1\nc,d,e;2,5;2\n' * 6
    data = load_csv(write(text), "y")
    assert set(data.spec.features[0].vocabulary) == {"a;b", "c,d,e"}


def test_line_breaks_in_quotes_and_blank_lines_keep_line_numbers_right(write):
    text = 'note,a,y\n"two\nlines",1,1\n\n' + "x,2,2\n" * 5 + "x,bad,3\n"
    with pytest.raises(DataError, match="line 10, column 'a': 'bad'"):
        load_csv(write(text), "y", column_types={"a": "numeric"})


def test_a_file_without_header(write):
    path = write("\n".join(ROWS))
    names = ["alcohol", "type", "quality"]
    assert sum(load_csv(path, "quality", columns=names).spec.sizes.values()) == 30
    with_header = load_csv(write(TABLE, "b.csv"), "quality", columns=names)
    assert sum(with_header.spec.sizes.values()) == 30


def test_encodings_and_byte_order_marks(write):
    text = TABLE.replace("red", "rosé")
    for encoding in ("utf-8", "utf-8-sig", "latin-1", "utf-16"):
        data = load_csv(write(text.encode(encoding)), "quality", encoding=encoding)
        assert set(data.spec.features[1].vocabulary) == {"rosé", "white"}
    assert load_csv(write(text.encode("utf-8-sig")), "quality").spec.feature_names[0] == "alcohol"


def test_parquet_and_gzip_hold_the_same_table(write, tmp_path):
    cells = [row.split(",") for row in ROWS]
    columns = {
        "alcohol": [float(cell[0]) for cell in cells],
        "type": [cell[1] for cell in cells],
        "quality": [int(cell[2]) for cell in cells],
    }
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    packed = write(gzip.compress(TABLE.encode()), "t.csv.gz")
    plain = load_csv(write(TABLE), "quality")
    for path in (tmp_path / "t.parquet", packed):
        data = load_csv(path, "quality")
        assert data.spec.features == plain.spec.features
        assert data.spec.target == plain.spec.target
    with pytest.raises(DataError, match="row 3 .*'alcohol': the value is infinite"):
        columns["alcohol"][3] = np.inf
        pyarrow.parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
        load_csv(tmp_path / "t.parquet", "quality")


def test_a_given_test_file_is_used_as_it_is(write):
    other = write("type,quality,alcohol\nrose,2,9.5\nred,1,\n", "test.csv")
    path = write(TABLE)
    data = load_csv(path, "quality", test=other)
    assert data.spec.sizes == {"train": 24, "validation": 6, "test": 2}
    test = data.table("test")
    assert test.features["type"].tolist() == ["rose", "red"]
    np.testing.assert_array_equal(test.features["alcohol"], np.array([9.5, np.nan], np.float32))
    assert "rose" not in data.spec.features[1].vocabulary
    both = path.read_bytes() + other.read_bytes()
    assert data.spec.fingerprint == hashlib.sha256(both).hexdigest()


def test_the_fingerprint_is_the_sha256_of_the_file(write):
    digest = hashlib.sha256(TABLE.encode()).hexdigest()
    assert load_csv(write(TABLE), "quality").spec.fingerprint == digest


def test_group_and_excluded_columns_are_no_features(write):
    rows = [f"p{row // 3},{row},{row % 7},{row % 5}" for row in range(60)]
    path = write("patient,id,a,y\n" + "\n".join(rows))
    data = load_csv(path, "y", groups="patient", exclude="id")
    assert data.spec.feature_names == ("a",)
    assert data.spec.sizes == {"train": 39, "validation": 9, "test": 12}  # whole threes


def test_a_missing_group_names_its_line(write):
    rows = [f"{'' if row == 4 else row % 6},{row % 7},{row % 5}" for row in range(30)]
    with pytest.raises(DataError, match=r"line 6, column 'g': the group is missing"):
        load_csv(write("g,a,y\n" + "\n".join(rows)), "y", groups="g")


BAD_FILES = {
    "empty": ("", r"table\.csv is empty"),
    "blank": ("\n\n", r"table\.csv is empty"),
    "header only": ("alcohol,quality\n", r"table\.csv has a header and no rows"),
    "short row": ("a,b,quality\n1,2,3\n\n1,2\n", r"table\.csv, line 4: expected 3 .* found 2"),
    "long row": ("a,b,quality\n1,2,3\n1,2,3,4\n", r"table\.csv, line 3: expected 3 .* found 4"),
    "collision": ("a b,a-b,quality\n" + "1,2,3\n1,2,4\n", r"table\.csv: .*'a b' and 'a-b'"),
    "no features": ("quality\n" + "1\n2\n3\n", r"table\.csv: no column is left for the features"),
    "open quote": ('a,quality\n1,2\n"3,4\n5,6\n', r"table\.csv, line 3: expected 2 .* found 1"),
    "encoding": (b"a,quality\n1,2\n\xe9,3\n", r"table\.csv, line 3: the text is not utf-8 .*e9"),
    "no target": ("alcohol,Quality\n1,2\n3,4\n", r"no column 'quality', .*'Quality'\?.*'alcohol'"),
    "headless": ("39,a,1\n40,b,2\n", r"first row holds '39': .*pass columns="),
    "missing target": ("a,quality\n1,2\n3,?\n4,5\n", r"line 3, .*missing \('\?' counts as missing"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_are_refused_in_one_line(write, kind):
    content, message = BAD_FILES[kind]
    with pytest.raises(DataError, match=message) as caught:
        load_csv(write(content), "quality")
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path, write):
    write(TABLE, "wine.csv")
    with pytest.raises(DataError, match=r"wines\.csv: no such file\. Did you mean 'wine\.csv'\?"):
        load_csv(tmp_path / "wines.csv", "quality")
    with pytest.raises(DataError, match="is a folder"):
        load_csv(tmp_path, "quality")
    with pytest.raises(DataError, match=r"test\.csv: no such file"):
        load_csv(tmp_path / "wine.csv", "quality", test=tmp_path / "test.csv")


def test_broken_parquet_and_gzip(write):
    with pytest.raises(DataError, match=r"a\.parquet cannot be read as Parquet"):
        load_csv(write("alcohol", "a.parquet"), "quality")
    with pytest.raises(DataError, match=r"a\.csv\.gz is no complete gzip file"):
        load_csv(write(gzip.compress(TABLE.encode())[:40], "a.csv.gz"), "quality")


def test_columns_of_the_wrong_length(write):
    with pytest.raises(DataError, match=r"line 1: columns= gives 2 names, and the row has 3"):
        load_csv(write(TABLE), "quality", columns=["a", "quality"])
    with pytest.raises(DataError, match="two columns have the name 'a'"):
        load_csv(write(TABLE), "quality", columns=["a", "a", "quality"])


def test_a_test_file_of_other_columns(write):
    other = write("alcohol,colour,quality\n1,red,2\n", "other.csv")
    with pytest.raises(DataError, match=r"other\.csv: .*lacks 'type' and .*unknown 'colour'"):
        load_csv(write(TABLE), "quality", test=other)


@pytest.mark.parametrize("option", ["groups", "exclude"])
def test_columns_that_are_not_there(write, option):
    with pytest.raises(DataError, match=rf"no column 'typ', which {option}= names.*'type'\?"):
        load_csv(write(TABLE), "quality", **{option: "typ"})


@pytest.mark.parametrize(
    "options",
    [{"exclude": "quality"}, {"groups": "quality"}, {"column_types": {"quality": "categorical"}}],
)
def test_a_target_cannot_be_something_else_too(write, options):
    with pytest.raises(DataError, match="target 'quality' is also named by exclude="):
        load_csv(write(TABLE), "quality", **options)


ADULT = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]


def test_adult_is_one_call(test_data):
    folder = test_data / "tabular" / "adult"
    data = load_csv(
        folder / "adult-train.csv",
        "income",
        columns=ADULT,
        test=folder / "adult-test.csv",
        rename_labels={"<=50K.": "<=50K", ">50K.": ">50K"},
        validation_size=0,
    )
    spec = data.spec
    assert spec.sizes == {"train": 32561, "validation": 0, "test": 16281}
    assert (spec.task, spec.classes, spec.class_counts) == (
        "binary",
        ("<=50K", ">50K"),
        (24720, 7841),  # 75.92 % and 24.08 %, as adult.names says
    )
    features = {feature.name: feature for feature in spec.features}
    assert sum(feature.kind == "numeric" for feature in spec.features) == 6
    assert features["workclass"].missing == 1836
    assert features["education_num"].column == "education-num"
    assert (features["age"].minimum, features["age"].maximum) == (17.0, 90.0)
    assert np.bincount(data.table("test").target).tolist() == [12435, 3846]


@pytest.mark.many
def test_adult_without_its_labels_mapped_or_its_columns_named(test_data):
    folder = test_data / "tabular" / "adult"
    train, test = folder / "adult-train.csv", folder / "adult-test.csv"
    with pytest.raises(
        DataError, match=r"adult-test\.csv, line 1, .*rename_labels=\{'<=50K\.': '<=50K'}"
    ):
        load_csv(train, "income", columns=ADULT, test=test)
    with pytest.raises(DataError, match="if the file has no header, pass columns="):
        load_csv(train, "income")


def test_california_housing(test_data):
    path = test_data / "tabular" / "california_housing" / "cal_housing_header.csv"
    data = load_csv(path, "median_house_value", unit="dollars")
    assert data.spec.sizes == {"train": 13210, "validation": 3302, "test": 4128}
    assert [feature.kind for feature in data.spec.features] == ["numeric"] * 8
