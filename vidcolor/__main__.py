"""`python -m vidcolor`."""

from vidcolor.cli.main import main

if __name__ == "__main__":
    main()
