//! Each good file gives no problem at all.

use super::fixture::{all, examples};
use super::shown::shown;

#[test]
fn every_good_file_and_every_example_is_read_without_a_word() {
    for fixture in all("valid").into_iter().chain(examples()) {
        let parsed = fixture.parse();
        assert_eq!(shown(&parsed), "", "{}", fixture.name);
        assert!(parsed.topology.is_some(), "{}", fixture.name);
    }
}
