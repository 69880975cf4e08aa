//! Stories that guests tell.
