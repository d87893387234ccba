//! Answers of engines.
