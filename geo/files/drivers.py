"""`python -m geo.files.drivers` prints the formats that the library for foreign files knows, one a line."""

import sys

import pyogrio

if __name__ == "__main__":
    sys.stdout.writelines(f"{name}\n" for name in pyogrio.list_drivers())
