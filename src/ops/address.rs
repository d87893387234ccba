//! Addresses as they were given, matched against what is there.

use crate::diag::suggest::nearest;
use crate::model::addr::{Addr, Pattern};

use super::error::OpError;

/// Reads addresses.
///
/// # Errors
/// [`OpError::Address`] for the first that is none.
pub fn parse_patterns(texts: &[String]) -> Result<Vec<Pattern>, OpError> {
    texts.iter().map(|text| parse_pattern(text)).collect()
}

/// Reads one address.
///
/// # Errors
/// [`OpError::Address`] when it is none.
pub fn parse_pattern(text: &str) -> Result<Pattern, OpError> {
    text.parse().map_err(|source| OpError::Address { text: text.to_owned(), source })
}

/// Reads one address whose last replica number may be given apart.
///
/// # Errors
/// As [`parse_pattern`].
pub fn parse_replica(text: &str, number: Option<u32>) -> Result<Pattern, OpError> {
    match number {
        Some(number) => parse_pattern(&format!("{text}@{number}")),
        None => parse_pattern(text),
    }
}

/// Checks that each pattern names something of `known`, or something below which `known` lies.
///
/// # Errors
/// [`OpError::NothingMatched`] for the first that does not, with the nearest address that would.
pub fn check_all_match(patterns: &[Pattern], known: &[Addr]) -> Result<(), OpError> {
    let lost = patterns.iter().find(|pattern| !known.iter().any(|addr| pattern.matches_within(addr)));
    lost.map_or(Ok(()), |pattern| Err(nothing_matched(pattern, known)))
}

/// The error for a pattern that names nothing of `known`.
pub fn nothing_matched(pattern: &Pattern, known: &[Addr]) -> OpError {
    let pattern = pattern.to_string();
    let texts: Vec<String> = known.iter().map(Addr::to_string).collect();
    // `web` for `vm1/web`: the last part alone is the likeliest slip in a nested lab.
    let below = texts.iter().find(|text| text.rsplit('/').next() == Some(pattern.as_str()));
    let near = below.map(String::as_str).or_else(|| nearest(&pattern, texts.iter().map(String::as_str)));
    OpError::NothingMatched { near: near.map(str::to_owned), pattern }
}

/// Whether `addr` is one of those meant, or lies below one; no pattern means everything.
pub fn is_meant(patterns: &[Pattern], addr: &Addr) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches_within(addr))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, known: &[&str]) -> Option<String> {
        let known: Vec<Addr> = known.iter().map(|text| text.parse().expect("an address")).collect();
        match check_all_match(&[text.parse().expect("a pattern")], &known) {
            Err(OpError::NothingMatched { near, .. }) => near,
            other => panic!("expected nothing to match, got {other:?}"),
        }
    }

    #[test]
    fn a_misspelt_address_is_answered_with_the_nearest_one() {
        assert_eq!(near("vm1/wbe", &["vm1", "vm1/web", "ci"]).as_deref(), Some("vm1/web"));
        assert_eq!(near("zzz", &["vm1", "vm1/web"]), None);
    }

    #[test]
    fn the_last_part_of_an_address_alone_finds_it() {
        assert_eq!(near("database", &["vm1", "vm1/database"]).as_deref(), Some("vm1/database"));
    }

    #[test]
    fn a_node_is_meant_by_its_address_with_all_inside() {
        let patterns = parse_patterns(&["vm1".to_owned()]).expect("valid");
        let web: Addr = "vm1/web".parse().expect("valid");
        assert!(is_meant(&patterns, &web));
        assert!(is_meant(&[], &web));
        assert!(check_all_match(&patterns, &[web]).is_ok());
    }
}
