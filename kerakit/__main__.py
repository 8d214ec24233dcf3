"""`python -m kerakit`: the `kerakit` command."""

from kerakit.cli import main

if __name__ == "__main__":
    main()
