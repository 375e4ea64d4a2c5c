"""Count code lines: adapters against their budgets, and each folder of the front.

A code line holds something else than blanks, comments and documentation strings. Native kernels (`fused.py`) are
counted apart: they are speed, not translation. Exits with 1 when an adapter is over its budget.

Run: python scripts/count_lines.py
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# NumPy's was 500. It rose because this adapter alone brings gradients that the other engines have themselves (of
# windows, scatter, QR, LU and solving), and erf and erfinv without a further dependency.
BUDGETS = {"numpy": 700, "jax": 700, "torch": 1200, "tensorflow": 1200}
KERNELS = "fused.py"
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of a Python file that are neither layout, comments nor strings that stand alone."""
    documentation = {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        # ast counts columns in bytes of UTF-8, tokenize in characters
        start = (row, len(lines[row - 1][:column].encode())) if row <= len(lines) else (row, column)
        if token.type not in _LAYOUT and not (token.type == tokenize.STRING and start in documentation):
            yield token


def code_lines(file: Path) -> int:
    """Return the number of code lines in a Python file."""
    rows: set[int] = set()
    for token in code_tokens(file.read_text(encoding="utf-8")):
        rows.update(range(token.start[0], token.end[0] + 1))
    return len(rows)


def total(folder: Path, kernels: bool = False) -> int:
    """Return the code lines of all Python files below a folder; only those of kernels, or all but those."""
    return sum(
        code_lines(file)
        for file in sorted(folder.rglob("*.py"))
        if (KERNELS in (file.name, f"{file.parent.name}.py")) is kernels
    )


def main() -> int:
    """Print the table and return the exit status."""
    over = []
    print(f"{'adapter':<12}{'code':>8}{'budget':>8}{'kernels':>9}")
    for engine, budget in BUDGETS.items():
        folder = ROOT / "backends" / f"kerasfront_{engine}"
        code = total(folder)
        print(f"{engine:<12}{code:>8}{budget:>8}{total(folder, kernels=True):>9}")
        if code > budget:
            over.append(engine)
    print(f"\n{'front':<16}{'code':>8}")
    front = ROOT / "kerasfront"
    print(f"{'(top)':<16}{sum(code_lines(file) for file in front.glob('*.py')):>8}")
    for folder in sorted(path for path in front.iterdir() if any(path.glob("*.py"))):
        print(f"{folder.name:<16}{total(folder) + total(folder, kernels=True):>8}")
    print(f"{'all':<16}{total(front) + total(front, kernels=True):>8}")
    if over:
        print(f"\nOver budget: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
