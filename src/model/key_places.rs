//! Where the keys of something stand.

use super::span::Span;

/// Keys that are looked through one by one: most things have fewer, and to sort them costs more than it saves.
const FEW: usize = 32;

/// Places by key, for problems that are found later. One text holds all keys: a lab can have many services with a dozen
/// each, and hardly any is ever asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPlaces {
    keys: String,
    /// In the order of keys, where they are more than [`FEW`].
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The key: from this byte of `keys` to before that one.
    start: u32,
    end: u32,
    span: Span,
}

impl KeyPlaces {
    /// Of keys, and of what stands under a key: `("networks", Some("front"))` is `networks.front`. Where one is there
    /// several times, the first counts.
    pub fn new(all: &[(&str, Option<&str>, Span)]) -> Self {
        let length =
            all.iter().map(|(key, under, _)| key.len() + under.map_or(0, |under| under.len() + 1)).sum();
        let mut out = Self { keys: String::with_capacity(length), places: Vec::with_capacity(all.len()) };
        for &(key, under, span) in all {
            let start = out.length();
            out.keys.push_str(key);
            if let Some(under) = under {
                out.keys.push('.');
                out.keys.push_str(under);
            }
            let end = out.length();
            out.places.push(Place { start, end, span });
        }
        if out.places.len() > FEW {
            let keys = &out.keys;
            out.places.sort_by(|a, b| a.key(keys).cmp(b.key(keys)));
            out.places.dedup_by(|later, first| later.key(keys) == first.key(keys));
        }
        out
    }

    /// Where a key stands, if it is there.
    pub fn get(&self, key: &str) -> Option<Span> {
        let place = if self.places.len() > FEW {
            &self.places[self.places.binary_search_by(|place| place.key(&self.keys).cmp(key)).ok()?]
        } else {
            self.places.iter().find(|place| place.key(&self.keys) == key)?
        };
        Some(place.span)
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn length(&self) -> u32 {
        u32::try_from(self.keys.len()).expect("less than a file, and those are refused long before")
    }
}

impl Place {
    fn key<'k>(&self, keys: &'k str) -> &'k str {
        &keys[self.start as usize..self.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::SourceId;

    #[test]
    fn keys_are_found_and_the_first_of_several_counts() {
        for more in [0, FEW] {
            keys_are_found_among(more);
        }
    }

    fn keys_are_found_among(more: usize) {
        let at = |start| Span::new(SourceId(0), start, start + 1);
        let names: Vec<String> = (0..more).map(|n| format!("v{n}")).collect();
        let more = names.iter().map(|name| ("networks", Some(name.as_str()), at(9)));
        let all = [("volumes", None, at(1)), ("image", None, at(2)), ("volumes", Some("b"), at(3))];
        let all = more.chain(all).chain([("volumes", Some("b"), at(4)), ("volumes.a", None, at(5))]);
        let places = KeyPlaces::new(&all.collect::<Vec<_>>());
        let found =
            ["image", "volumes", "volumes.a", "volumes.b", "volumes.c", ""].map(|key| places.get(key));
        assert_eq!(found, [Some(at(2)), Some(at(1)), Some(at(5)), Some(at(3)), None, None]);
        assert!(places.contains("image") && !places.contains("images"));
    }
}
