//! Maps of few entries.

/// A map that is a sorted list. A lab has tens of thousands of maps of one or two entries, and a node of a B-tree has room
/// for eleven: these take what they hold.
pub type Map<K, V> = litemap::LiteMap<K, V>;
