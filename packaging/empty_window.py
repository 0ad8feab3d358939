"""An empty window, packaged like Rowmill: what Rowmill's start is measured against."""

import sys

from PySide6.QtWidgets import QApplication, QMainWindow

app = QApplication(sys.argv)
window = QMainWindow()
window.setWindowTitle("Empty window")
window.resize(1280, 800)
window.show()
sys.exit(app.exec())
