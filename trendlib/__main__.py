"""Run trendlib as ``python -m trendlib``."""

from trendlib.cli import main

if __name__ == "__main__":
    main()
