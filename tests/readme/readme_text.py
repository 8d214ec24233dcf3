"""The pages in parts: README.md, CONTRIBUTING.md and docs/, their blocks and inline code."""

import configparser
import dataclasses
import pathlib
import re

REPOSITORY = pathlib.Path(__file__).parents[2]
PAGES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        REPOSITORY / "README.md",
        REPOSITORY / "CONTRIBUTING.md",
        *sorted((REPOSITORY / "docs").glob("*.md")),
    ]
}
README = PAGES["README.md"]
EVERYTHING = "\n".join(PAGES.values())
FENCE = "```"


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block: its page, the heading that it is under, its language, and its lines."""

    page: str
    section: str
    language: str
    lines: tuple[str, ...]

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def blocks():
    """Every fenced block of the pages, a list of `Block`."""
    return [block for page, text in PAGES.items() for block in blocks_of(page, text)]


def blocks_of(page, text):
    found, section, fence, inside = [], "", None, []
    for line in text.splitlines():
        if line.startswith(FENCE) and fence is None:
            fence, inside = line.removeprefix(FENCE).strip(), []
        elif line.startswith(FENCE):
            found.append(Block(page, section, fence, tuple(inside)))
            fence = None
        elif fence is not None:
            inside.append(line)
        elif line.startswith("#"):
            section = line.lstrip("#").strip()
    assert fence is None, f"the last block of {page} does not end"
    return found


def prose(text=EVERYTHING):
    """The text without its fenced blocks."""
    return re.sub(rf"^{FENCE}.*?^{FENCE}$", "", text, flags=re.MULTILINE | re.DOTALL)


def inline_code():
    """Every piece of code within a sentence or a table, a list of str."""
    return re.findall(r"`([^`\n]+)`", prose())


def section(title, page="docs/guide.md"):
    """The text under a heading of a page, up to the next one of any level."""
    pattern = rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)"
    (text,) = re.findall(pattern, prose(PAGES[page]), re.M | re.S)
    return text


def commands(block):
    """The commands of a shell block: its lines, cut at `&&`, without comments."""
    lines = (re.sub(r"\s+# .*", "", line) for line in block.lines)
    return [part.strip() for line in lines for part in line.split("&&") if part.strip()]


def excerpts(block):
    """Dict from the name in a line `==> NAME <==` to the lines under it."""
    found = {}
    for line in block.lines:
        heading = re.match(r"==> (\S+) <==", line)
        if heading:
            lines = found[heading[1]] = []
        else:
            lines.append(line)
    return {name: "\n".join(lines).strip().splitlines() for name, lines in found.items()}


def extras():
    """The package's extras, a set of str."""
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")
    return set(settings["options.extras_require"])
