"""./bench NAME [options]: each benchmarks/NAME/run.py measures one thing and compares it with its bars; it has its own
--help. With --json the last line of standard output is one flat JSON object."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def what(script: Path) -> str:
    text = script.read_text().split('"""')
    return text[1].strip().splitlines()[0] if len(text) > 1 else ""


def main() -> int:
    known = {p.parent.name: p for p in sorted(HERE.glob("*/run.py"))}
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in known:
        os.execv(sys.executable, [sys.executable, str(known[name]), *sys.argv[2:]])
    out = sys.stdout if name in ("-h", "--help") else sys.stderr
    if out is sys.stderr:
        print(f"bench: there is no '{name}'", file=out)
    print(f"{__doc__}\n", file=out)
    for known_name, script in known.items():
        print(f"  {known_name:<8} {what(script)}", file=out)
    return 0 if out is sys.stdout else 2


if __name__ == "__main__":
    sys.exit(main())
