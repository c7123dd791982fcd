"""``python -m rivya``."""

from rivya.cli import main

main()
