"""Imports run one way: through the stages in their order, and never in a circle.

The test reads every import of the package with `ast`, lazy ones inside functions too. Imports
below `if TYPE_CHECKING:` never run, so they make no circle; the order of stages binds them too.
"""

import ast
import functools
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1] / "kerakit"

# A stage may import from the stages before it. `kerakit.solvers` is below the stages.
STAGES = (
    "data",
    "builders",
    "presets",
    "training",
    "evaluation",
    "trust",
    "serving",
    "workflow",
    "recipes",
    "integrations",
)
BELOW = (
    "errors",
    "backend",
    "checks",
    "files",
    "html_table",
    "warn",
    "keras_compat",
    "lazy",
    "quiet",
    "solvers",
    "status",
)


@functools.cache
def imports_of(path, root=ROOT, run=False):
    """Return `(line, module, name)` of every import of kerakit in a file.

    `module` is the dotted path of the file or package that is imported; `name` is what is
    taken from it, or `None`. With `run`, imports for type checkers alone are left out.
    """
    package = [root.name, *path.relative_to(root).parts]
    found = []
    for node in import_nodes(path)[run]:
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                if is_module(inner, root):
                    found.append((node.lineno, inner, None))
                else:
                    found.append((node.lineno, module, alias.name))
    return [entry for entry in found if entry[1].split(".")[0] == root.name]


@functools.cache
def import_nodes(path):
    """`(all, those that run)`: the import statements of a file, which is parsed once."""
    found, run = [], []

    def visit(node, runs):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
            if runs:
                run.append(node)
        test = getattr(node, "test", None)
        typing = isinstance(node, ast.If) and getattr(test, "id", "") == "TYPE_CHECKING"
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else ():
                if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                    visit(child, runs and not (typing and name == "body"))

    visit(ast.parse(path.read_text(encoding="utf-8")), True)
    return found, run


@functools.cache
def is_module(dotted, root=ROOT):
    path = root.parent.joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def module_name(path, root=ROOT):
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files(root=ROOT):
    return sorted(root.rglob("*.py"))


def stage_of(dotted):
    return (dotted.split(".") + [""])[1]


def circle(arrows):
    """Return one circle of a directed graph `{node: set of nodes}` as a list, or `None`."""
    state, path = {}, []

    def visit(node):
        state[node] = "open"
        path.append(node)
        for other in sorted(arrows.get(node, ())):
            if state.get(other) == "open":
                return [*path[path.index(other) :], other]
            if other not in state:
                found = visit(other)
                if found:
                    return found
        path.pop()
        state[node] = "done"
        return None

    for node in sorted(arrows):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return None


def arrows_between(depth, root=ROOT):
    """Return the imports between the folders and files `depth` names below the root.

    Two files inside the same folder of that depth make no arrow. A package's `__init__`
    belongs to the folder above its children.
    """
    arrows = {}
    for path in files(root):
        source = module_name(path, root).split(".")
        for _, module, _ in imports_of(path, root, run=True):
            target = module.split(".")
            shared = depth + 1  # the names of the folder that holds both
            if source[:shared] != target[:shared] or min(len(source), len(target)) <= shared:
                continue
            a, b = ".".join(source[: shared + 1]), ".".join(target[: shared + 1])
            if a != b:
                arrows.setdefault(a, set()).add(b)
    return arrows


def test_a_stage_imports_from_stages_before_it_only():
    wrong = []
    for path in files():
        own = stage_of(module_name(path))
        for line, module, _ in imports_of(path):
            other = stage_of(module)
            if own in BELOW:
                ok = other in BELOW
            elif own in STAGES:
                ok = other in BELOW or (
                    other in STAGES and STAGES.index(other) <= STAGES.index(own)
                )
                ok = ok or other == ""  # `from kerakit import __version__`
            else:
                ok = True  # the command and the package itself
            if not ok:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_every_stage_and_file_at_the_root_is_known():
    names = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert names - {"__pycache__", "__init__", "__main__", "cli"} <= {*STAGES, *BELOW}


def test_what_every_stage_may_use_names_no_package():
    """`from kerakit import x` inside a stage would import whatever the name leads to."""
    wrong = []
    for path in files():
        if stage_of(module_name(path)) in (*STAGES, *BELOW):
            for line, module, name in imports_of(path):
                if module == "kerakit" and name != "__version__":
                    wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name} from kerakit")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_rooms_do_not_import_each_other_in_a_circle(depth):
    found = circle(arrows_between(depth))
    assert found is None, " -> ".join(found)


def test_files_do_not_import_each_other_in_a_circle():
    arrows = {}
    for path in files():
        own = module_name(path)
        arrows[own] = {module for _, module, _ in imports_of(path, run=True)} - {own}
    found = circle(arrows)
    assert found is None, " -> ".join(found)


def test_no_private_name_is_imported():
    wrong = []
    for path in files():
        for line, module, name in imports_of(path):
            last = name or module.rpartition(".")[2]
            if last.startswith("_") and not last.startswith("__"):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {last} from {module}")
    assert not wrong, "\n".join(wrong)


def test_the_reader_sees_lazy_and_relative_imports(tmp_path):
    root = tmp_path / "pack"
    (root / "a").mkdir(parents=True)
    for folder in (root, root / "a"):
        (folder / "__init__.py").write_text("")
    (root / "a" / "one.py").write_text("def f():\n    from .two import x\n")
    (root / "a" / "two.py").write_text("from pack.a import one\nfrom pack.a.one import _y\n")
    assert imports_of(root / "a" / "one.py", root) == [(2, "pack.a.two", "x")]
    assert imports_of(root / "a" / "two.py", root) == [
        (1, "pack.a.one", None),
        (2, "pack.a.one", "_y"),
    ]
    assert circle(arrows_between(1, root)) == ["pack.a.one", "pack.a.two", "pack.a.one"]


def test_an_import_for_type_checkers_makes_no_circle(tmp_path):
    root = tmp_path / "pack"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "one.py").write_text("if TYPE_CHECKING:\n    from pack.two import x\n")
    (root / "two.py").write_text("from pack import one\n")
    assert circle(arrows_between(0, root)) is None
    assert imports_of(root / "one.py", root) == [(2, "pack.two", "x")]
