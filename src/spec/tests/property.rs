//! No bytes make the parser panic.

use proptest::prelude::*;

use super::fixture::{Fixture, all};
use super::shown::shown;

/// Every lab of the fixtures as bytes.
fn corpus() -> Vec<Vec<u8>> {
    let fixtures = all("valid").into_iter().chain(all("invalid"));
    fixtures
        .filter_map(|fixture| fixture.files.get(std::path::Path::new("/lab/nest.yaml")).cloned())
        .collect()
}

/// Reads, and renders every problem: a place outside of its text would show here.
fn read(bytes: &[u8]) {
    let parsed = Fixture::bytes(bytes).parse();
    let _ = shown(&parsed);
    if parsed.topology.is_none() {
        assert!(parsed.diagnostics.has_errors(), "nothing came of it, and nothing was said");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read(&bytes);
    }

    #[test]
    fn any_text_of_yamls_own_characters_is_read(text in "[a-c:{}\\[\\],&*!|>'\"%@#?<$ \n\t-]{0,120}") {
        read(text.as_bytes());
        read(format!("services:\n  web:\n    {}", text.replace('\n', "\n    ")).as_bytes());
    }

    #[test]
    fn mutated_labs_are_read(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, prop::collection::vec(any::<u8>(), 0..6)), 1..5),
    ) {
        let corpus = corpus();
        let mut bytes = which.get(&corpus).clone();
        for (at, length, insert) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, insert);
        }
        read(&bytes);
    }

    #[test]
    fn spliced_labs_are_read(
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        paste in any::<prop::sample::Index>(),
    ) {
        let corpus = corpus();
        let (one, other) = (one.get(&corpus), other.get(&corpus));
        let (cut, paste) = (cut.index(one.len() + 1), paste.index(other.len() + 1));
        let bytes = [&one[..cut], &other[paste..]].concat();
        read(&bytes);
    }
}
