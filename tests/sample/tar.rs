//! Into a tar.
