"""`python -m gui_app.practice`: the practice server by itself."""

import sys

from gui_app.practice.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
