"""The program on its system: how it starts and ends, one window a user, files handed over, signals, the taskbar."""
