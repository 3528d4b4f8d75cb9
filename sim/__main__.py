"""`python -m sim` is `crdb`."""

from sim.cli import main

if __name__ == "__main__":
    main()
