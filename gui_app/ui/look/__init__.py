"""How the window looks: colours, the stylesheet, icons, the words of Qt's own dialogs."""
