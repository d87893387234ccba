//! Each good file gives no problem at all.

use super::fixture::all;
use super::shown::shown;

#[test]
fn every_good_file_is_read_without_a_word() {
    for fixture in all("valid") {
        let parsed = fixture.parse();
        assert_eq!(shown(&parsed), "", "{}", fixture.name);
        assert!(parsed.topology.is_some(), "{}", fixture.name);
    }
}
