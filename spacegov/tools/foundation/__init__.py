"""Foundation: can the layers be trusted, and what lies where."""

import lazy_loader

# The stub beside this file is the list; a tool loads when it is first named.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
