"""`python -m spacegov`: the command line."""

from spacegov.cli import main

if __name__ == "__main__":
    main()
