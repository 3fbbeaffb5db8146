"""What must be kept: the tools of space protection."""

import lazy_loader

# The stub beside this file is the list; a tool loads when it is first named.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
