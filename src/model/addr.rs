//! Addresses: the path of service names that names a thing everywhere (arguments, labels, events, errors).
//!
//! [`Addr`] names one container-to-be, [`LayerPath`] one layer, [`Pattern`] what a user wrote, in which a part
//! without a number stands for every replica.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use super::name::{BadName, ServiceName};
use super::quick_hash::QuickHasher;

/// One step of an address: a service and the number of the replica, counted from 1.
#[derive(Clone, Debug)]
pub struct Part {
    /// The service.
    pub service: ServiceName,
    /// The replica, from 1.
    pub number: u32,
    /// Hash of the way from the root to here: addresses are looked up much more often than they are made.
    way: u32,
}

impl Part {
    /// The part after those whose way is `before`.
    fn new(before: u32, service: ServiceName, number: u32) -> Self {
        let mut hasher = QuickHasher::default();
        hasher.write_u32(before);
        service.hash(&mut hasher);
        hasher.write_u32(number);
        // The better half of it: what is not told apart by it is compared.
        let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
        Self { service, number, way: u32::from_le_bytes([a, b, c, d]) }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number && self.service == other.service
    }
}

impl Eq for Part {}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.service, self.number).cmp(&(&other.service, other.number))
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Part {
    /// The first replica has no suffix, so that its address stays when a service is scaled.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number == 1 {
            write!(f, "{}", self.service)
        } else {
            write!(f, "{}@{}", self.service, self.number)
        }
    }
}

/// The parts of an address or of a path. What lies around a thing is a shorter view of the same parts, so that the
/// layer of an address costs nothing: a plan names every address in many places.
#[derive(Clone)]
struct Parts {
    all: Arc<[Part]>,
    len: usize,
}

impl Parts {
    fn new(all: impl Iterator<Item = Part>) -> Self {
        let all: Arc<[Part]> = all.collect();
        Self { len: all.len(), all }
    }

    /// Hash of all parts.
    fn way(&self) -> u32 {
        self.last().map_or(0, |part| part.way)
    }

    fn first(&self, len: usize) -> Self {
        Self { all: Arc::clone(&self.all), len }
    }
}

impl Deref for Parts {
    type Target = [Part];

    fn deref(&self) -> &[Part] {
        &self.all[..self.len]
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && (Arc::ptr_eq(&self.all, &other.all) || (self.way() == other.way() && **self == **other))
    }
}

impl Eq for Parts {}

impl Ord for Parts {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl PartialOrd for Parts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Parts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.way());
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The address of one instance of a service, from the root: `vm1/web`, `vm@2/web`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(Parts);

/// The path of a layer: the root, or the address of the node that hosts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerPath(Parts);

impl Addr {
    /// The layer that this instance belongs to.
    pub fn layer(&self) -> LayerPath {
        LayerPath(self.0.first(self.0.len - 1))
    }

    /// The layer that this instance hosts, if it is a node.
    pub fn inner(&self) -> LayerPath {
        LayerPath(self.0.clone())
    }

    /// The last part: the service and its replica number within the layer.
    pub fn part(&self) -> &Part {
        self.0.last().expect("an address has at least one part")
    }

    /// The service name within the layer.
    pub fn service(&self) -> &ServiceName {
        &self.part().service
    }

    /// The replica number within the layer, from 1.
    pub fn number(&self) -> u32 {
        self.part().number
    }

    /// All parts, outermost first.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Whether this is `other` or lies below it.
    pub fn is_within(&self, other: &LayerPath) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl Default for LayerPath {
    fn default() -> Self {
        Self(Parts { all: Arc::default(), len: 0 })
    }
}

impl LayerPath {
    /// The layer of the root engine.
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether this is the root layer.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The node that hosts this layer; `None` for the root.
    pub fn node(&self) -> Option<Addr> {
        if self.0.is_empty() { None } else { Some(Addr(self.0.clone())) }
    }

    /// The layer in which this layer's node lives; `None` for the root.
    pub fn parent(&self) -> Option<LayerPath> {
        self.node().map(|node| node.layer())
    }

    /// The address of a service of this layer.
    #[must_use]
    pub fn join(&self, service: &ServiceName, number: u32) -> Addr {
        let last = Part::new(self.0.way(), service.clone(), number);
        Addr(Parts::new(self.0.iter().cloned().chain([last])))
    }

    /// How many engines deep: 0 for the root.
    pub fn depth(&self) -> usize {
        self.0.len
    }

    /// Whether this is `other` or a layer below it.
    pub fn is_within(&self, other: &LayerPath) -> bool {
        self.0.starts_with(&other.0)
    }

    /// This layer, its parent, and so on to the root.
    pub fn ancestors(&self) -> impl Iterator<Item = LayerPath> + '_ {
        (0..=self.0.len).rev().map(|len| LayerPath(self.0.first(len)))
    }

    /// All parts, outermost first.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[Part]) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str("/")?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_parts(f, &self.0)
    }
}

impl fmt::Display for LayerPath {
    /// The root layer prints as `/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("/") } else { write_parts(f, &self.0) }
    }
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadAddr {
    /// No part at all, or an empty one (`a//b`).
    EmptyPart,
    /// A part is not a service name.
    Name(BadName),
    /// What follows `@` is not a replica number from 1.
    Number(String),
}

impl fmt::Display for BadAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPart => f.write_str("an address has no empty parts"),
            Self::Name(bad) => bad.fmt(f),
            Self::Number(text) => write!(f, "`@{text}` is not a replica number: it counts from 1"),
        }
    }
}

impl std::error::Error for BadAddr {}

fn parse_part(text: &str) -> Result<(ServiceName, Option<u32>), BadAddr> {
    if text.is_empty() {
        return Err(BadAddr::EmptyPart);
    }
    let (name, number) = match text.split_once('@') {
        None => (text, None),
        Some((name, n)) => match n.parse::<u32>() {
            Ok(n) if n > 0 => (name, Some(n)),
            _ => return Err(BadAddr::Number(n.to_owned())),
        },
    };
    Ok((ServiceName::new(name).map_err(BadAddr::Name)?, number))
}

impl FromStr for Addr {
    type Err = BadAddr;

    fn from_str(text: &str) -> Result<Self, BadAddr> {
        let pattern: Pattern = text.parse()?;
        Ok(pattern.first())
    }
}

/// Which instances a user means: a path whose parts may leave the replica open (`vm/web` is every replica of
/// `vm` and of `web`). A leading `/` is allowed and changes nothing here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(Vec<(ServiceName, Option<u32>)>);

impl Pattern {
    /// Whether `addr` is one of the instances meant.
    pub fn matches(&self, addr: &Addr) -> bool {
        self.0.len() == addr.0.len() && self.covers(&addr.0)
    }

    /// Whether `addr` is one of the instances meant or lies below one.
    pub fn matches_within(&self, addr: &Addr) -> bool {
        self.0.len() <= addr.0.len() && self.covers(&addr.0)
    }

    /// Whether what is meant is inside the node `addr`.
    pub fn leads_into(&self, addr: &Addr) -> bool {
        self.0.len() > addr.0.len() && self.covers(&addr.0)
    }

    fn covers(&self, parts: &[Part]) -> bool {
        self.0.iter().zip(parts).all(|((service, number), part)| {
            *service == part.service && number.is_none_or(|n| n == part.number)
        })
    }

    /// The address with every open replica taken as the first.
    pub fn first(&self) -> Addr {
        let mut way = 0;
        let parts = self.0.iter().map(|(service, number)| {
            let part = Part::new(way, service.clone(), number.unwrap_or(1));
            way = part.way;
            part
        });
        Addr(Parts::new(parts))
    }

    /// This pattern read from `layer` instead of the root.
    #[must_use]
    pub fn below(&self, layer: &LayerPath) -> Pattern {
        let outer = layer.0.iter().map(|part| (part.service.clone(), Some(part.number)));
        Pattern(outer.chain(self.0.iter().cloned()).collect())
    }

    /// The services of the parts, outermost first.
    pub fn services(&self) -> impl Iterator<Item = &ServiceName> {
        self.0.iter().map(|(service, _)| service)
    }

    /// The parts, outermost first; `None` stands for every replica.
    pub fn parts(&self) -> &[(ServiceName, Option<u32>)] {
        &self.0
    }
}

impl FromStr for Pattern {
    type Err = BadAddr;

    fn from_str(text: &str) -> Result<Self, BadAddr> {
        let text = text.strip_prefix('/').unwrap_or(text);
        text.split('/').map(parse_part).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (service, number)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            match number {
                None => write!(f, "{service}")?,
                Some(n) => write!(f, "{service}@{n}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        text.parse().expect("a valid address")
    }

    #[test]
    fn the_first_replica_prints_without_its_number() {
        assert_eq!(addr("vm@2/web@1").to_string(), "vm@2/web");
        assert_eq!(addr("/vm/web").to_string(), "vm/web");
    }

    #[test]
    fn a_layer_and_its_node_are_two_views_of_one_path() {
        let web = addr("a/b/web");
        assert_eq!(web.layer().node(), Some(addr("a/b")));
        assert_eq!(web.layer().parent(), Some(addr("a").inner()));
        assert!(web.is_within(&LayerPath::root()));
        let up: Vec<String> = web.layer().ancestors().map(|layer| layer.to_string()).collect();
        assert_eq!(up, ["a/b", "a", "/"]);
    }

    #[test]
    fn a_pattern_without_a_number_means_every_replica() {
        let pattern: Pattern = "vm/web".parse().expect("valid");
        assert!(pattern.matches(&addr("vm@3/web")));
        assert!(!pattern.matches(&addr("vm")));
        assert!(pattern.matches_within(&addr("vm@2/web/x")));
        let second: Pattern = "vm@2".parse().expect("valid");
        assert!(!second.matches(&addr("vm")));
    }

    #[test]
    fn bad_addresses_say_why() {
        assert_eq!("a//b".parse::<Addr>(), Err(BadAddr::EmptyPart));
        assert_eq!("a@0".parse::<Addr>(), Err(BadAddr::Number("0".to_owned())));
        assert!(matches!("a/-b".parse::<Addr>(), Err(BadAddr::Name(_))));
    }
}
