//! A stored snapshot as a file that other programs read.
