"""Whether this process was told to end: what takes long looks here and hands its work back while there is time."""

import threading

ending = threading.Event()
